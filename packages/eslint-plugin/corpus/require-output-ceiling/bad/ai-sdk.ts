// The AI SDK calls it `maxOutputTokens`.
import { generateText, type LanguageModel } from 'ai';

export async function main(model: LanguageModel): Promise<string> {
  const { text } = await generateText({ model, prompt: 'Hello' }); // ! require-output-ceiling
  return text;
}
