import type { CfnResource } from 'aws-cdk-lib';
import type { DependencyGraph } from './dependency-graph';

/** The properties of a resource that decide whether a task needs it. */
interface CompanionType {
  /** The resource must exist together with what it names in these. */
  readonly of: string[];
  /** The property whose resource is then needed, too. */
  readonly with?: string;
}

const COMPANION_TYPES: { readonly [type: string]: CompanionType } = {
  'AWS::EC2::NetworkAclEntry': { of: ['NetworkAclId'] },
  'AWS::EC2::Route': { of: ['RouteTableId'] },
  'AWS::EC2::SecurityGroup': { of: ['SecurityGroupEgress', 'SecurityGroupIngress'] },
  'AWS::EC2::SecurityGroupEgress': { of: ['DestinationSecurityGroupId', 'GroupId'] },
  'AWS::EC2::SecurityGroupIngress': { of: ['GroupId', 'SourceSecurityGroupId'] },
  'AWS::EC2::SubnetNetworkAclAssociation': { of: ['SubnetId'], with: 'NetworkAclId' },
  'AWS::EC2::SubnetRouteTableAssociation': { of: ['SubnetId'], with: 'RouteTableId' },
  'AWS::EC2::VPCEndpoint': { of: ['VpcId'] },
  'AWS::ECS::ClusterCapacityProviderAssociations': { of: ['Cluster'] },
  'AWS::EFS::MountTarget': { of: ['FileSystemId'] },
  'AWS::S3Files::MountTarget': { of: ['FileSystemId'] },
  'AWS::IAM::ManagedPolicy': { of: ['Roles'] },
  'AWS::IAM::Policy': { of: ['Roles'] },
  'AWS::IAM::RolePolicy': { of: ['RoleName'] },
  'AWS::SecretsManager::SecretTargetAttachment': { of: ['SecretId'] },
};

/** What names a role by a reference or an ARN. Grants to an imported role that this app must not change are in it. */
const POLICY_TYPES: { readonly [type: string]: CompanionType } = {
  'AWS::CodeArtifact::Domain': { of: ['PermissionsPolicyDocument'] },
  'AWS::CodeArtifact::Repository': { of: ['PermissionsPolicyDocument'] },
  'AWS::DynamoDB::GlobalTable': { of: ['Replicas'] },
  'AWS::DynamoDB::Table': { of: ['ResourcePolicy'] },
  'AWS::ECR::Repository': { of: ['RepositoryPolicyText'] },
  'AWS::EFS::FileSystem': { of: ['FileSystemPolicy'] },
  'AWS::EKS::AccessEntry': { of: ['PrincipalArn'] },
  'AWS::Elasticsearch::Domain': { of: ['AccessPolicies'] },
  'AWS::Events::EventBus': { of: ['Policy'] },
  'AWS::KMS::Key': { of: ['KeyPolicy'] },
  'AWS::KMS::ReplicaKey': { of: ['KeyPolicy'] },
  'AWS::LakeFormation::Permissions': { of: ['DataLakePrincipal'] },
  'AWS::LakeFormation::PrincipalPermissions': { of: ['Principal'] },
  'AWS::Lambda::Permission': { of: ['Principal'] },
  'AWS::OpenSearchService::Domain': { of: ['AccessPolicies'] },
  'AWS::S3::AccessPoint': { of: ['Policy'] },
  'AWS::S3Express::AccessPoint': { of: ['Policy'] },
  // What aws-cdk-lib sets the access policies of domains with.
  'Custom::ElasticsearchAccessPolicy': { of: ['Create'] },
  'Custom::OpenSearchAccessPolicy': { of: ['Create'] },
};

/** The policy of another resource, such as `AWS::S3::BucketPolicy`. */
const RESOURCE_POLICY: CompanionType = { of: ['Policy', 'PolicyDocument', 'ResourcePolicy', 'Statement'] };

function findType({ cfnResourceType }: CfnResource): CompanionType | undefined {
  return COMPANION_TYPES[cfnResourceType] ?? POLICY_TYPES[cfnResourceType] ?? (/^AWS::(?!IAM::).*Policy$/.test(cfnResourceType) ? RESOURCE_POLICY : undefined);
}

/** A resource with the names in its properties, as in the template. */
export interface Companion {
  readonly resource: CfnResource;
  readonly of: string;
  readonly with?: string;
  /** Whether a text without a colon names nothing in it: it can be the value of a condition. */
  readonly isPolicy: boolean;
}

export function listCompanions(graph: DependencyGraph): Companion[] {
  return graph.resources.flatMap((resource) => {
    const type = findType(resource);
    if (!type) {
      return [];
    }
    const properties = graph.renderProperties(resource);
    const of = JSON.stringify(type.of.map((name) => properties[name])).replace(/\\+"/g, '"'); // some policies are JSON in a text, or in JSON in a text
    const isPolicy = !(resource.cfnResourceType in COMPANION_TYPES);
    return [{ resource, of, with: type.with && JSON.stringify(properties[type.with]), isPolicy }];
  });
}

/** The companions of what has a name. Tasks have many names in common. */
export class CompanionIndex {
  private readonly byName = new Map<string, Companion[]>();

  constructor(private readonly companions: Companion[]) {}

  /** The companions of what has these names, and the companions of these companions. */
  public findCompanionsOf(names: string[]): CfnResource[] {
    const allNames = new Set(names);
    const found = new Set<CfnResource>();
    for (const name of allNames) { // visits the names that are added during the loop, too
      for (const companion of this.findByName(name)) {
        found.add(companion.resource);
        if (companion.with) {
          allNames.add(companion.with);
        }
      }
    }
    return [...found];
  }

  private findByName(name: string): Companion[] {
    const isPlain = /^"[^:]*"$/.test(name);
    const companions = this.byName.get(name) ?? this.companions.filter(({ of, isPolicy }) => of.includes(name) && !(isPlain && isPolicy));
    this.byName.set(name, companions);
    return companions;
  }
}

export function isRule({ cfnResourceType }: CfnResource): boolean {
  return cfnResourceType === 'AWS::EC2::SecurityGroupIngress' || cfnResourceType === 'AWS::EC2::SecurityGroupEgress';
}

export function isPolicyOfRoles({ cfnResourceType }: CfnResource): boolean {
  return ['AWS::IAM::ManagedPolicy', 'AWS::IAM::Policy', 'AWS::IAM::RolePolicy'].includes(cfnResourceType);
}

/** Whether a resource writes into a secret where its database is. */
export function isAttachment({ cfnResourceType }: CfnResource): boolean {
  return cfnResourceType === 'AWS::SecretsManager::SecretTargetAttachment';
}
