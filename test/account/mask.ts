/** The account id that AWS uses in its own documentation. */
const EXAMPLE_ACCOUNT = '111122223333';

/** Removes from a text what identifies the account or gives access to it. */
export function mask(text: string, account: string): string {
  return text
    .replaceAll(account, EXAMPLE_ACCOUNT)
    .replace(/\b(AKIA|ASIA)[A-Z0-9]{12,}\b/g, '$1****************')
    .replace(/([?&](?:X-Amz-[A-Za-z-]+|Signature|AWSAccessKeyId)=)[^&\s"\\]+/g, '$1****');
}
