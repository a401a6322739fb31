// OpenAI's own client against a model for embeddings and one that judges: node vectors.mjs BASE_URL
import assert from "node:assert/strict";
import OpenAI from "openai";

const client = new OpenAI({ baseURL: process.argv[2], apiKey: "none", maxRetries: 0 });
const model = "embedding";
const length = vector => Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));

const checks = {
  async "an embedding comes as base64, which the client asks for by itself"() {
    const reply = await client.embeddings.create({ model, input: "Kærø 高潮" });
    assert.equal(reply.data.length, 1);
    assert.equal(reply.data[0].embedding.length, 64);
    assert.ok(Math.abs(length(reply.data[0].embedding) - 1) < 1e-5);
    assert.equal(reply.model, model);
    assert.equal(reply.usage.prompt_tokens, reply.usage.total_tokens);

    const plain = await client.embeddings.create({ model, input: "Kærø 高潮", encoding_format: "float" });
    assert.ok(plain.data[0].embedding.every((x, i) => Math.abs(x - reply.data[0].embedding[i]) < 1e-7));
  },

  async "several texts keep their order, and one alone is the same"() {
    const together = await client.embeddings.create({ model, input: ["one", "two"] });
    const alone = await client.embeddings.create({ model, input: "two" });
    assert.deepEqual(together.data.map(item => item.index), [0, 1]);
    assert.deepEqual(together.data[1].embedding, alone.data[0].embedding);
  },

  async "token ids are embedded as their text is"() {
    const ids = [..."two"].map(letter => letter.charCodeAt(0));
    const { tokens } = await (await fetch(new URL("/tokenize", client.baseURL), {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ model, content: "two" }),
    })).json();
    assert.equal(tokens.length, ids.length);
    const text = await client.embeddings.create({ model, input: "two" });
    for (const input of [tokens, [tokens]])
      assert.deepEqual((await client.embeddings.create({ model, input })).data[0].embedding, text.data[0].embedding);
  },

  async "fewer dimensions are the first ones, of length 1 again"() {
    const all = (await client.embeddings.create({ model, input: "one" })).data[0].embedding;
    const some = (await client.embeddings.create({ model, input: "one", dimensions: 8 })).data[0].embedding;
    assert.equal(some.length, 8);
    const scale = length(all.slice(0, 8));
    assert.ok(some.every((x, i) => Math.abs(x - all[i] / scale) < 1e-5));
  },

  async "what a model is not made for is refused by name"() {
    const refused = (asked, param, code) => assert.rejects(asked, error =>
      error instanceof OpenAI.BadRequestError && error.param === param && error.code === code);
    await refused(client.embeddings.create({ model: "tiny", input: "one" }), "model", "unsupported_parameter");
    await refused(client.chat.completions.create({ model, messages: [{ role: "user", content: "Hi" }] }), "model", "unsupported_parameter");
    await refused(client.completions.create({ model, prompt: "Hi" }), "model", "unsupported_parameter");
    await refused(client.moderations.create({ model: "tiny", input: "one" }), "model", "unsupported_parameter");
    await refused(client.embeddings.create({ model, input: "one", dimensions: 65 }), "dimensions", "invalid_value");
    await refused(client.embeddings.create({ model, input: "x".repeat(2000) }), "input", "context_length_exceeded");
    await refused(client.embeddings.create({ model, input: [[9999]] }), "input", "invalid_value");
    await refused(client.moderations.create({ input: "x".repeat(20000) }), "input", "context_length_exceeded");
    await refused(client.embeddings.create({ model, input: [] }), "input", "invalid_value");
  },

  async "texts are judged, by the one model that does"() {
    const reply = await client.moderations.create({ input: ["How?", "When?"] });
    assert.equal(reply.model, "guard");
    assert.equal(reply.results.length, 2);
    const { flagged, categories, category_scores } = reply.results[0];
    assert.deepEqual([flagged, categories.violence, categories.pii, categories.sexual], [true, true, true, false]);
    assert.deepEqual([category_scores.violence, category_scores.sexual], [1, 0]);
  },
};

for (const [name, check] of Object.entries(checks)) {
  await check();
  console.log(`ok: ${name}`);
}
