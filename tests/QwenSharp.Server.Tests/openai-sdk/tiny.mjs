// OpenAI's own client against a real model: node tiny.mjs BASE_URL MODEL
import assert from "node:assert/strict";
import OpenAI from "openai";

const [baseURL, model] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey: "none", maxRetries: 0 });
const request = { model, messages: [{ role: "user", content: "Hi" }], temperature: 0 };

let streamed = "";
let usage;
for await (const chunk of await client.chat.completions.create({ ...request, stream: true, stream_options: { include_usage: true } })) {
  streamed += chunk.choices[0]?.delta.content ?? "";
  usage = chunk.usage ?? usage;
}

const whole = await client.chat.completions.create(request);
assert.equal(whole.choices[0].message.content, streamed);

// The second time the prompt is there already, all but its last token.
assert.equal(usage.prompt_tokens_details.cached_tokens, 0);
assert.equal(whole.usage.prompt_tokens_details.cached_tokens, whole.usage.prompt_tokens - 1);
assert.equal(whole.usage.total_tokens, usage.total_tokens);
console.log(streamed);
