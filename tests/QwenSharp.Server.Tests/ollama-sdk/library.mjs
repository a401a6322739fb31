// Ollama's own client against models that are loaded on demand, and a hub: node library.mjs HOST REPO
import assert from "node:assert/strict";
import { Ollama } from "ollama";

const [, , host, repo, weights] = process.argv;
const client = new Ollama({ host });
const names = async () => (await client.list()).models.map(model => model.name).sort();
const running = async () => (await client.ps()).models.map(model => model.name).sort();
const say = async (model, more = {}) =>
  (await client.chat({ model, messages: [{ role: "user", content: "Hi" }], options: { temperature: 0 }, ...more })).message.content;

const checks = {
  async "models of the folder are listed and not loaded"() {
    assert.deepEqual(await names(), ["tiny-embed:latest", "tiny:latest"]);
    assert.deepEqual(await running(), []);
  },

  async "a model is loaded when it is asked for"() {
    const reply = await client.chat({ model: "tiny", messages: [{ role: "user", content: "Hi" }], options: { temperature: 0 } });
    assert.equal(reply.message.content, "Hello, world!");
    assert.ok(reply.load_duration > 0);
    assert.deepEqual(await running(), ["tiny:latest"]);
  },

  async "a model is shown with what it can"() {
    const shown = await client.show({ model: "tiny" });
    assert.equal(shown.details.family, "qwen2");
    assert.equal(shown.details.format, "gguf");
    assert.equal(shown.model_info["general.architecture"], "qwen2");
    assert.ok(shown.model_info["qwen2.context_length"] > 0);
    assert.ok(shown.capabilities.includes("tools") && shown.capabilities.includes("thinking"));
    assert.match(shown.template, /im_start/);
    assert.deepEqual((await client.show({ model: "tiny-embed" })).capabilities, ["embedding"]);
  },

  async "a model that stays no time is unloaded"() {
    assert.equal((await client.generate({ model: "tiny", prompt: "", keep_alive: 0 })).done_reason, "unload");
    assert.deepEqual(await running(), []);
    await client.chat({ model: "tiny", keep_alive: "1h" });
    const [{ expires_at }] = (await client.ps()).models;
    assert.ok(Date.parse(expires_at) - Date.now() > 50 * 60_000);
  },

  async "texts are embedded"() {
    const { embeddings, prompt_eval_count } = await client.embed({ model: "tiny-embed", input: ["one", "two"] });
    assert.equal(embeddings.length, 2);
    for (const embedding of embeddings) {
      assert.ok(embedding.length > 8);
      assert.ok(Math.abs(embedding.reduce((sum, x) => sum + x * x, 0) - 1) < 1e-4);
    }
    assert.ok(prompt_eval_count > 2);
    assert.equal((await client.embed({ model: "tiny-embed", input: "one", dimensions: 8 })).embeddings[0].length, 8);
    await assert.rejects(client.embed({ model: "tiny-embed", input: "one", dimensions: 80000 }), /imensions/);
    const older = await client.embeddings({ model: "tiny-embed", prompt: "one" });
    assert.ok(older.embedding.length > 8);
    await assert.rejects(client.chat({ model: "tiny-embed", messages: [{ role: "user", content: "Hi" }] }), /a model for embeddings/);
  },

  async "a model is pulled with its progress, and answers"() {
    await assert.rejects(say(repo), /try pulling it first/);
    const statuses = [], done = [];
    for await (const { status, digest, completed, total } of await client.pull({ model: repo, stream: true })) {
      statuses.push(status);
      if (digest) done.push([completed, total]);
    }
    assert.equal(statuses[0], "pulling manifest");
    assert.equal(statuses.at(-1), "success");
    assert.ok(done.some(([completed, total]) => completed === total && total > 1000));
    assert.equal((await client.pull({ model: repo })).status, "success");
    assert.equal(await say(repo), "pulled");
    assert.ok((await names()).includes(`${repo}:Q8_0`));
  },

  async "a pull that fails says why"() {
    await assert.rejects(client.pull({ model: "Nobody/Nothing" }), error => error.status_code === 502);
    await assert.rejects(client.pull({ model: "no such name" }), error => error.status_code === 400);
    const stream = await client.pull({ model: "Nobody/Nothing", stream: true });
    await assert.rejects(async () => { for await (const _ of stream); });
  },

  async "a model is created of another, copied, shown and deleted"() {
    const created = await client.create({ model: "mine", from: "tiny", system: "Be brief.", parameters: { temperature: 0, stop: ["world"], num_predict: 50 } });
    assert.equal(created.status, "success");
    assert.equal(await say("mine", { options: {} }), "Hello, ");
    const shown = await client.show({ model: "mine" });
    assert.equal(shown.system, "Be brief.");
    assert.match(shown.parameters, /stop +"world"/);
    assert.equal(shown.details.parent_model, "tiny");
    await client.copy({ source: "mine", destination: "also:v1" });
    assert.equal(await say("also:v1"), "Hello, ");
    await client.delete({ model: "mine:latest" });
    assert.ok((await names()).includes("also:v1") && !(await names()).includes("mine:latest"));
    await assert.rejects(client.delete({ model: "tiny" }), /owner/);
    const statuses = [];
    for await (const { status } of await client.create({ model: "streamed", from: "also:v1", stream: true })) statuses.push(status);
    assert.equal(statuses.at(-1), "success");
    assert.equal(await say("streamed"), "Hello, ");
    await assert.rejects(client.create({ model: "x", from: "absent" }), error => error.status_code === 404);
    await assert.rejects(client.create({ model: "x", from: "tiny", quantize: "q4_K_M" }), /'quantize'/);
    await assert.rejects(client.create({ model: "../x", from: "tiny" }), /'model'/);
  },

  async "a pulled model is deleted"() {
    await client.delete({ model: repo });
    assert.ok(!(await names()).some(name => name.startsWith(repo)));
    await assert.rejects(say(repo), /try pulling it first/);
  },

  async "a model is created of uploaded weights"() {
    const { readFile } = await import("node:fs/promises");
    const { createHash } = await import("node:crypto");
    const content = await readFile(weights);
    const digest = `sha256:${createHash("sha256").update(content).digest("hex")}`;
    const blob = `${host}/api/blobs/${digest}`;
    assert.equal((await fetch(blob, { method: "HEAD" })).status, 404);
    assert.equal((await fetch(blob, { method: "POST", body: content.subarray(1) })).status, 400);
    assert.equal((await fetch(blob, { method: "POST", body: content })).status, 201);
    assert.equal((await fetch(blob, { method: "HEAD" })).status, 200);
    await client.create({ model: "uploaded", files: { "model.gguf": digest } });
    assert.equal(await say("uploaded"), "Hello, world!");
    await client.delete({ model: "uploaded" });
    assert.equal((await fetch(blob, { method: "HEAD" })).status, 404);
  },

  async "the server greets, also without JSON's media type"() {
    assert.equal(await (await fetch(host)).text(), "Ollama is running");
    assert.equal((await fetch(host, { method: "HEAD" })).status, 200);
    const curl = await fetch(`${host}/api/generate`, { method: "POST", body: '{"model": "tiny", "prompt": "Hi", "stream": false}' });
    assert.equal(curl.status, 200);
    const page = await fetch(`${host}/api/generate`, {
      method: "POST", body: '{"model": "tiny", "prompt": "Hi"}', headers: { Origin: "https://example.com" } });
    assert.equal(page.status, 415);
  },
};

for (const [name, check] of Object.entries(checks)) {
  await check();
  console.log(`ok: ${name}`);
}
