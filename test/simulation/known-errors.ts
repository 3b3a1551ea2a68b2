import { awsError } from './faults';

type Thrown = { readonly [what: string]: () => unknown };

const node = (code: string, message: string) => () => Object.assign(new Error(message), { code });
const invalid = (message: string) => () => awsError('InvalidParameterException', message);
const client = (message: string) => () => awsError('ClientException', message);

/** Errors that are no response of AWS: they show neither whether the call took effect, nor the state of the task. */
export const UNREADABLE: Thrown = {
  'HTML in place of JSON': () => Object.assign(new SyntaxError('Unexpected token \'<\', "<html>" is not valid JSON'), { $metadata: { httpStatusCode: 200 } }),
  'cut JSON': () => Object.assign(new SyntaxError('Unexpected end of JSON input'), { $metadata: { httpStatusCode: 200 } }),
  'EPROTO': node('EPROTO', 'write EPROTO ssl3_get_record:wrong version number'),
  'HPE_INVALID_CONSTANT': node('HPE_INVALID_CONSTANT', 'Parse Error: Expected HTTP/'),
  'ERR_STREAM_PREMATURE_CLOSE': node('ERR_STREAM_PREMATURE_CLOSE', 'Premature close'),
  'CERT_HAS_EXPIRED': node('CERT_HAS_EXPIRED', 'certificate has expired'),
};

/** Errors that RunTask throws for a while. */
export const PASSING_REFUSALS: Thrown = {
  'EC2 throttles (subnet)': invalid('Error retrieving subnet information for [subnet-1]: Rate exceeded (ErrorCode: Throttling)'),
  'EC2 throttles (security group)': invalid('Error retrieving security group information for [sg-1]: Request limit exceeded. (ErrorCode: RequestLimitExceeded)'),
  'EC2 is unavailable': invalid('Error retrieving subnet information for [subnet-1]: Unavailable (ErrorCode: Unavailable)'),
  'EC2 fails': invalid('Error retrieving subnet information for [subnet-1]: An internal error has occurred (ErrorCode: InternalError)'),
  'no instance has joined the cluster': invalid('No Container Instances were found in your cluster.'),
  'no instance has joined the capacity provider': invalid('No Container Instances were found in your capacity provider.'),
  'the security group is new': invalid('Error retrieving security group information for [sg-1]: The security group \'sg-1\' does not exist (ErrorCode: InvalidGroup.NotFound)'),
  'the subnet is new': invalid('Error retrieving subnet information for [subnet-1]: The subnet ID \'subnet-1\' does not exist (ErrorCode: InvalidSubnetID.NotFound)'),
  'the task definition is new': client('Unable to describe task definition.'),
  'the task definition is not found yet': client('TaskDefinition not found.'),
  'the task definition is inactive, as an old read shows it': client('TaskDefinition is inactive'),
  'the capacity provider is not associated yet': invalid('The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster.'),
  'the credentials are new': () => awsError('UnrecognizedClientException', 'The security token included in the request is invalid.'),
  'the credentials have just expired': () => awsError('ExpiredTokenException', 'The security token included in the request is expired'),
  'a proxy answers': () => awsError('TooManyRequestsException', 'Too Many Requests', 429),
};

/** The temporary reasons in failures[]. */
export const PASSING_PLACEMENTS: { readonly [what: string]: string } = {
  'the vCPU quota is used up': "You've reached the limit on the number of vCPUs you can run concurrently",
  'the task quota is used up': "You've reached the limit on the number of tasks you can run concurrently",
};
