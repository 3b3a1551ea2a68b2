import { createHash } from 'crypto';

/** The least that EC2 (descriptions), CloudWatch (dimensions) and CloudFormation (descriptions) accept. */
const LONGEST = 255;
const OTHER_CHARACTERS = /[^\w ./:()#,@[\]+=&;{}!$*-]/gu;

/** The text itself, if every service of AWS accepts it. A path of constructs can be longer and can have any characters. */
export function toPlainText(text: string): string {
  const plain = text.replace(OTHER_CHARACTERS, '_');
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 12);
  return plain === text && text.length <= LONGEST ? text : `${plain.slice(0, LONGEST - 1 - hash.length)}-${hash}`;
}
