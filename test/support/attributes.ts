/** The attributes that a stack uses, each with the output that keeps it. */
export const using = (...attributes: string[]) => ({ UsedAttributes: Object.fromEntries(attributes.map((name) => [name, `Migration${name}`])) });

/** The first task that the fake of AWS starts. */
export const TASK = 'arn:aws:ecs:eu-west-1:111122223333:task/shop/1a';
