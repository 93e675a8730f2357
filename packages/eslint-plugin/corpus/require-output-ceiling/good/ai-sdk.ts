// The AI SDK with its ceiling.
import { generateText, type LanguageModel } from 'ai';

export async function main(model: LanguageModel): Promise<string> {
  const { text } = await generateText({ model, prompt: 'Hello', maxOutputTokens: 100 });
  return text;
}
