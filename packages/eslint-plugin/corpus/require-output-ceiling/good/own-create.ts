// A `create` of the program's own, in an object of the same shape.
interface Poems {
  readonly responses: { create(body: { readonly model: string; readonly input: string }): string };
}

export function main(poems: Poems): string {
  return poems.responses.create({ model: 'sonnet', input: 'spring' });
}
