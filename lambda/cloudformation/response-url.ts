/** The DNS suffix of each partition, as the SDK has it. S3 answers under these names, and CloudFormation waits in S3. */
const DNS_SUFFIXES: { readonly [partition: string]: string } = {
  'aws': 'amazonaws.com',
  'aws-cn': 'amazonaws.com.cn',
  'aws-eusc': 'amazonaws.eu',
  'aws-iso': 'c2s.ic.gov',
  'aws-iso-b': 'sc2s.sgov.gov',
  'aws-iso-e': 'cloud.adc-e.uk',
  'aws-iso-f': 'csp.hci.ic.gov',
  'aws-us-gov': 'amazonaws.com',
};

/**
 * Why no answer is sent to this URL; undefined when it is safe. An answer holds the end of a log, so it goes to AWS only:
 * anyone who is allowed to invoke the function chooses the URL. Names only the host, because the query is a secret.
 *
 * @param environment where a local engine says where it is, as to every SDK
 */
export function problemWithResponseUrl(responseUrl: string, stackId: string, environment = process.env): string | undefined {
  if (!URL.canParse(responseUrl)) {
    return 'it is not a URL';
  }
  const { protocol, host, hostname } = new URL(responseUrl);
  const localHosts = [environment.AWS_ENDPOINT_URL, environment.AWS_ENDPOINT_URL_S3]
    .map((endpoint) => endpoint && URL.canParse(endpoint) && new URL(endpoint).host);
  if (/^https?:$/.test(protocol) && localHosts.includes(host)) {
    return undefined;
  }
  const partition = String(stackId).split(':')[1];
  const suffix = Object.hasOwn(DNS_SUFFIXES, partition) ? DNS_SUFFIXES[partition] : undefined;
  if (!suffix) {
    return `the partition of the stack, ${partition}, is unknown to this version`;
  }
  if (protocol !== 'https:') {
    return `it is not https, and ${host || protocol} is not the host of AWS_ENDPOINT_URL or AWS_ENDPOINT_URL_S3`;
  }
  return hostname.endsWith(`.${suffix}`) ? undefined : `${host} is not a host of AWS (${suffix})`;
}
