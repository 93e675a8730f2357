// A class of the program's own happens to be called `OpenAI`.
class OpenAI {
  readonly name = 'a list of openings for artificial insects';
}

export const list = new OpenAI();
