// OpenAI's own client uploads files and runs batches: node batches.mjs BASE_URL
import assert from "node:assert/strict";
import OpenAI, { toFile } from "openai";

const client = new OpenAI({ baseURL: process.argv[2], apiKey: "none", maxRetries: 0 });
const line = (id, content) => JSON.stringify({
  custom_id: id, method: "POST", url: "/v1/chat/completions",
  body: { model: "scripted", messages: [{ role: "user", content }] },
});

let input;

const checks = {
  async "a file is uploaded, listed and read"() {
    const text = [line("a", "one two"), line("b", "Łódź 北京")].join("\n");
    input = await client.files.create({ file: await toFile(Buffer.from(text), "requests.jsonl"), purpose: "batch" });
    assert.equal(input.filename, "requests.jsonl");
    const listed = [];
    for await (const file of client.files.list()) listed.push(file.id);
    assert.deepEqual(listed, [input.id]);
    assert.equal((await client.files.retrieve(input.id)).bytes, Buffer.byteLength(text));
    assert.equal(await (await client.files.content(input.id)).text(), text);
  },

  async "a batch runs to its end"() {
    let batch = await client.batches.create({
      input_file_id: input.id, endpoint: "/v1/chat/completions", completion_window: "24h", metadata: { night: "1" },
    });
    while (batch.status !== "completed") {
      assert.ok(["validating", "in_progress", "finalizing"].includes(batch.status), batch.status);
      await new Promise(resolve => setTimeout(resolve, 20));
      batch = await client.batches.retrieve(batch.id);
    }
    assert.deepEqual(batch.request_counts, { total: 2, completed: 2, failed: 0 });
    assert.deepEqual(batch.metadata, { night: "1" });
    const lines = (await (await client.files.content(batch.output_file_id)).text()).trim().split("\n").map(text => JSON.parse(text));
    assert.deepEqual(lines.map(({ custom_id, response }) => [custom_id, response.body.choices[0].message.content]),
      [["a", "one two"], ["b", "Łódź 北京"]]);
    const all = [];
    for await (const listed of client.batches.list({ limit: 1 })) all.push(listed.id);
    assert.deepEqual(all, [batch.id]);
  },

  async "what cannot be is refused by name"() {
    const refused = (asked, param) => assert.rejects(asked, error => error instanceof OpenAI.BadRequestError && error.param === param);
    await refused(client.batches.create({ input_file_id: input.id, endpoint: "/v1/images", completion_window: "24h" }), "endpoint");
    await refused(client.batches.create({ input_file_id: "none", endpoint: "/v1/embeddings", completion_window: "24h" }), "input_file_id");
    await refused(client.files.create({ file: await toFile(Buffer.from("x"), "x"), purpose: "fine-tune" }), "purpose");
    await assert.rejects(client.batches.retrieve("batch_none"), OpenAI.NotFoundError);
  },

  async "a file is deleted"() {
    assert.equal((await client.files.delete(input.id)).deleted, true);
    await assert.rejects(client.files.retrieve(input.id), OpenAI.NotFoundError);
  },
};

for (const [name, check] of Object.entries(checks)) {
  await check();
  console.log(`ok: ${name}`);
}
