import { ITaggableV2, TagManager, TagType } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { RESOURCE_TYPE } from '../contract';
import type { RunTaskProps } from '../run-task-props';

/** Gets the tags of `Tags.of(scope)`. The resource itself would render them as another property. */
class TagReceiver extends Construct implements ITaggableV2 {
  public readonly cdkTagManager = new TagManager(TagType.STANDARD, RESOURCE_TYPE);
}

/** Lets the props find the tags of the scopes around the task, if the task inherits them. */
export function receiveTags(scope: Construct, props: RunTaskProps): RunTaskProps {
  return props.inheritTags ? { ...props, _inheritedTags: new TagReceiver(scope, 'Tags').cdkTagManager } : props;
}

/** All tags of the task. Those that it inherits are known when all aspects have run. */
export function collectTags({ tags, _inheritedTags }: RunTaskProps): { [key: string]: string } {
  return { ..._inheritedTags?.tagValues(), ...tags };
}
