import { App, Aws, CfnDynamicReference, CfnDynamicReferenceService, CfnMapping, CfnParameter, CfnResource, Fn, Lazy, SecretValue, Stack, Token } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { RunFargateTask, RunTaskConfig, RunTaskProps } from '../../src/index';
import { expectErrors, resourceOf } from '../support/expectations';
import { network, propertiesOf, runTask, Setup, setup } from '../support/stacks';

const TEXT = '{{resolve:secretsmanager:shop:SecretString:password}}';
const app = { containerName: 'app' };
const errorFor = (path: string) => new RegExp(`^\\[Stack/Task\\] ${path} must not contain the value of a secret, got: \\{\\{resolve:`);

const mapping = (stack: Stack, lazy = false) => new CfnMapping(stack, 'Passwords', {
  lazy, mapping: { prod: { user: 'shop', password: TEXT }, test: { user: 'shop', password: 'test' } },
});

/** Synthesizes a task with a value in an environment variable. */
function withValue(make: (given: Setup) => string): () => unknown {
  const given = setup();
  runTask(given, { containerOverrides: [{ ...app, environment: { PASSWORD: make(given) } }] });
  return () => Template.fromStack(given.stack);
}

test('the error about a secret names the override, the reference and the fix', () => {
  expectErrors(withValue(({ stack }) => new secretsmanager.Secret(stack, 'Secret').secretValueFromJson('password').unsafeUnwrap()),
    '[Stack/Task] containerOverrides.app.environment.PASSWORD must not contain the value of a secret, '
    + 'got: {{resolve:secretsmanager:SecretA720EF05:SecretString:password::}}; CloudFormation does not resolve it in a custom resource, '
    + 'so use secrets of the container in the taskDefinition instead');
});

describe('synthesis rejects the value of a secret', () => {
  test.each<[string, (given: Setup) => string]>([
    ['by unsafeUnwrap', ({ stack }) => new secretsmanager.Secret(stack, 'Secret').secretValue.unsafeUnwrap()],
    ['of an imported secret', ({ stack }) => secretsmanager.Secret.fromSecretNameV2(stack, 'Secret', 'shop').secretValueFromJson('a').unsafeUnwrap()],
    ['by its name', () => SecretValue.secretsManager('shop').unsafeUnwrap()],
    ['of a secure parameter', () => SecretValue.ssmSecure('/shop', '1').unsafeUnwrap()],
    ['of an imported secure parameter',
      ({ stack }) => ssm.StringParameter.fromSecureStringParameterAttributes(stack, 'Parameter', { parameterName: '/shop', version: 1 }).stringValue],
    ['as a dynamic reference', () => new CfnDynamicReference(CfnDynamicReferenceService.SECRETS_MANAGER, 'shop').toString()],
    ['as a secure dynamic reference', () => new CfnDynamicReference(CfnDynamicReferenceService.SSM_SECURE, '/shop:1').toString()],
    ['as a text', () => TEXT],
    ['in a text', () => `postgres://shop:${TEXT}@database/shop`],
    ['in JSON', ({ stack }) => stack.toJsonString({ password: SecretValue.secretsManager('shop').unsafeUnwrap(), region: Aws.REGION })],
    ['in Fn::Join', () => Fn.join('-', ['a', SecretValue.secretsManager('shop').unsafeUnwrap(), Aws.REGION])],
    ['that Fn::Join puts together', () => Fn.join(':', ['{{resolve', 'secretsmanager', Aws.STACK_NAME, 'SecretString}}'])],
    ['in Fn::Sub', () => Fn.sub('{{resolve:secretsmanager:${AWS::StackName}:SecretString:password}}')],
    ['in a variable of Fn::Sub', () => Fn.sub('a${Password}', { Password: TEXT })],
    ['in a part of Fn::Sub', () => Fn.sub('{{resolve:${Service}:shop}}', { Service: 'secretsmanager' })],
    ['in Fn::If', () => Fn.conditionIf('AWS::NoValue', 'a', TEXT).toString()],
    ['in Fn::Base64', () => Fn.base64(TEXT)],
    ['that is known late', () => Lazy.string({ produce: () => TEXT })],
    ['next to a value that is left out', () => `${Lazy.string({ produce: () => undefined })}${TEXT}`],
    ['in an intrinsic function that was written out', () => Token.asString({ 'Fn::Join': ['', ['{{resolve:secretsmanager:', { Ref: 'Id' }, '}}']] })],
    ['as the default of a parameter', ({ stack }) => new CfnParameter(stack, 'Password', { default: TEXT }).valueAsString],
    ['as the default of a parameter in a list', ({ stack }) => Fn.select(0, new CfnParameter(stack, 'Passwords', { type: 'CommaDelimitedList', default: TEXT }).valueAsList)],
    ['as the default of a parameter that is named by hand', ({ stack }) => {
      new CfnParameter(stack, 'Password', { default: TEXT });
      return Fn.ref('Password');
    }],
    ['as the default of a parameter in Fn::Sub', ({ stack }) => {
      new CfnParameter(stack, 'Password', { default: TEXT });
      return Fn.sub('postgres://shop:${Password}@database');
    }],
    ['in a mapping', ({ stack }) => mapping(stack).findInMap('prod', 'password')],
    ['in a mapping, with a key that only the deployment knows', ({ stack }) => mapping(stack).findInMap(Aws.REGION, 'password')],
    ['in a mapping, with a second key that only the deployment knows', ({ stack }) => mapping(stack).findInMap('prod', Aws.REGION)],
    ['in a mapping that is named by hand', ({ stack }) => {
      mapping(stack);
      return Fn.findInMap('Passwords', 'prod', 'password');
    }],
    ['in a lazy mapping', ({ stack }) => mapping(stack, true).findInMap(Aws.REGION, 'password')],
    ['as the default of a mapping', ({ stack }) => mapping(stack).findInMap('test', Aws.REGION, TEXT)],
    ['in a variable of Fn::Sub, from a mapping', ({ stack }) => Fn.sub('${Password}', { Password: mapping(stack).findInMap('prod', 'password') })],
    ['in a branch of Fn::If, from a mapping', ({ stack }) => Fn.conditionIf('IsProd', 'a', mapping(stack).findInMap('prod', 'password')).toString()],
    ['in Fn::Select', () => Token.asString({ 'Fn::Select': [{ Ref: 'Index' }, ['a', TEXT]] })],
    ['in Fn::Split', () => Fn.select(0, Fn.split('@', Token.asString({ 'Fn::Sub': `${TEXT}@database` })))],
    ['in Fn::ToJsonString', ({ stack }) => {
      stack.addTransform('AWS::LanguageExtensions');
      return Fn.toJsonString({ [TEXT]: 'a' });
    }],
  ])('%s', (_, make) => {
    expectErrors(withValue(make), errorFor('containerOverrides\\.app\\.environment\\.PASSWORD'));
  });

  test.each<[string, (value: string) => Partial<RunTaskProps>, string]>([
    ['in a command', (value) => ({ containerOverrides: [{ ...app, command: ['login', `-p=${value}`] }] }), 'containerOverrides\\.app\\.command'],
    ['in a list', (value) => ({ containerOverrides: [{ ...app, command: Fn.split(' ', value) }] }), 'containerOverrides\\.app\\.command'],
    ['in the name of a variable', (value) => ({ containerOverrides: [{ ...app, environment: { [value]: '' } }] }), 'containerOverrides\\.app\\.environment'],
    ['in the name of a trigger', (value) => ({ triggers: { [value]: '1' } }), 'triggers'],
    ['in the key of a tag', (value) => ({ tags: { [value]: '' } }), 'tags'],
    ['in the name of a container', (value) => ({ onDelete: { containerOverrides: [{ containerName: value, cpu: 1 }] } }), 'onDelete\\.containerOverrides'],
    ['in a trigger', (value) => ({ triggers: { value } }), 'triggers\\.value'],
    ['in a trigger after one that has the name of a function of CloudFormation', (value) => ({ triggers: { Ref: '1', value } }), 'triggers\\.value'],
    ['in a tag', (value) => ({ tags: { owner: value } }), 'tags\\.owner'],
    ['in the group', (value) => ({ group: value }), 'group'],
    ['on delete', (value) => ({ onDelete: { containerOverrides: [{ ...app, environment: { A: value } }] } }),
      'onDelete\\.containerOverrides\\.app\\.environment\\.A'],
    ['in an override of the task', (value) => ({ taskOverrides: { cpu: Token.asNumber(Token.asAny(value)) } }), 'taskOverrides\\.cpu'],
  ])('%s', (_, props, path) => {
    const given = setup();
    runTask(given, props(SecretValue.secretsManager('shop').unsafeUnwrap()));

    expectErrors(() => Template.fromStack(given.stack), errorFor(path));
  });

  test('in the name of a trigger that the CDK cannot resolve', () => {
    const given = setup();
    runTask(given, { triggers: { [new secretsmanager.Secret(given.stack, 'Secret').secretValue.unsafeUnwrap()]: '1' } });

    expectErrors(() => Template.fromStack(given.stack), errorFor('triggers'));
  });

  test('in each place with one error', () => {
    const given = setup();
    runTask(given, { triggers: { secret: TEXT }, containerOverrides: [{ ...app, command: [TEXT], environment: { A: 'a', B: TEXT } }] });

    expectErrors(() => Template.fromStack(given.stack), errorFor('containerOverrides\\.app\\.command'),
      errorFor('containerOverrides\\.app\\.environment\\.B'), errorFor('triggers\\.secret'));
  });

  test('that an escape hatch adds', () => {
    const given = setup();
    (resourceOf(runTask(given)) as CfnResource).addPropertyOverride('Request.overrides.containerOverrides', [{ name: 'app', command: [TEXT] }]);

    expectErrors(() => Template.fromStack(given.stack), errorFor('containerOverrides\\.app\\.command'));
  });

  test('before the CDK suggests unsafeUnwrap', () => {
    const { stack, task } = network({ '@aws-cdk/core:checkSecretUsage': true });
    task({ containerOverrides: [{ ...app, command: [`-p ${SecretValue.secretsManager('shop')}`] }] });

    expectErrors(() => Template.fromStack(stack), errorFor('containerOverrides\\.app\\.command'));
  });
});

test('synthesis rejects the name of a trigger that only the deployment knows', () => {
  const given = setup();
  runTask(given, { triggers: { [given.cluster.clusterName]: '1', [`a-${Aws.REGION}`]: '1' } });

  expectErrors(() => Template.fromStack(given.stack),
    '[Stack/Task] triggers must have keys that are known at synthesis, got: ClusterEB0386A7; move this into the value of the trigger',
    '[Stack/Task] triggers must have keys that are known at synthesis, got: a-AWS::Region; move this into the value of the trigger');
});

describe('synthesis accepts', () => {
  test('the name of a trigger that is known late', () => {
    const given = setup();
    runTask(given, { triggers: { [Lazy.string({ produce: () => 'late' })]: '1' } });

    expect(propertiesOf(given.stack).Triggers).toEqual({ late: '1' });
  });

  test.each<[string, (given: Setup) => string]>([
    ['a parameter that is not secure', ({ stack }) => ssm.StringParameter.valueForStringParameter(stack, '/shop')],
    ['a reference to a parameter that is not secure', () => new CfnDynamicReference(CfnDynamicReferenceService.SSM, '/shop:1').toString()],
    ['the ARN of a secret', ({ stack }) => new secretsmanager.Secret(stack, 'Secret').secretArn],
    ['a value of a mapping that has a secret elsewhere', ({ stack }) => mapping(stack).findInMap('prod', 'user')],
    ['a value of a mapping that has a secret for another key', ({ stack }) => mapping(stack).findInMap('test', Aws.REGION)],
    ['a value that a mapping does not have', ({ stack }) => {
      mapping(stack);
      return Fn.findInMap('Passwords', 'staging', 'password');
    }],
    ['a value of a mapping that is not in this app', () => Fn.findInMap('Elsewhere', Aws.REGION, 'user')],
    ['a name that is not in this app', () => Fn.sub('${Elsewhere} ${!Password}')],
    ['a text that only looks similar', () => '{{secretsmanager}} resolve:secretsmanager:'],
    ['a parameter without echo', ({ stack }) => SecretValue.cfnParameter(new CfnParameter(stack, 'Password', { noEcho: true })).unsafeUnwrap()],
  ])('%s', (_, make) => {
    expect(withValue(make)).not.toThrow();
  });

  test('a secret in the environment of the function, which CloudFormation resolves as for any other function', () => {
    const given = setup();
    RunTaskConfig.of(given.stack).configureFunction({ environment: { TOKEN: TEXT } });
    runTask(given);

    Template.fromStack(given.stack).hasResourceProperties('AWS::Lambda::Function', { Environment: { Variables: { TOKEN: TEXT } } });
  });

  test('a secret in the environment of RunFargateTask, whose definition CloudFormation resolves', () => {
    const stack = new Stack(new App(), 'Stack');
    new RunFargateTask(stack, 'Task', { image: ecs.ContainerImage.fromRegistry('app'), environment: { PASSWORD: SecretValue.secretsManager('shop').unsafeUnwrap() } });

    expect(() => Template.fromStack(stack)).not.toThrow();
  });
});
