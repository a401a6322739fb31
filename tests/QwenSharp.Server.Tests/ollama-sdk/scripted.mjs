// Ollama's own client against a scripted model: node scripted.mjs HOST
import assert from "node:assert/strict";
import { Ollama } from "ollama";

const host = process.argv[2];
const client = new Ollama({ host, headers: { Authorization: "Bearer open sesame" } });
const ask = (content, more = {}) => ({ model: "scripted", messages: [{ role: "user", content }], ...more });
const tools = [{
  type: "function",
  function: {
    name: "weather",
    description: "The weather",
    parameters: { type: "object", required: ["city"], properties: { city: { type: "string", description: "Where" } } },
  },
}];
const gather = async stream => {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return parts;
};

const checks = {
  async "a whole chat has content, a reason and what it took"() {
    const reply = await client.chat(ask("one two three"));
    assert.deepEqual(reply.message, { content: "one two three", role: "assistant" });
    assert.equal(reply.model, "scripted");
    assert.equal(reply.done, true);
    assert.equal(reply.done_reason, "stop");
    assert.equal(reply.prompt_eval_count, 7);
    assert.equal(reply.eval_count, 3);
    for (const field of ["total_duration", "load_duration", "prompt_eval_duration", "eval_duration"])
      assert.ok(Number.isInteger(reply[field]) && reply[field] >= 0, field);
    assert.ok(Math.abs(Date.parse(reply.created_at) - Date.now()) < 60_000);
  },

  async "a streamed chat comes word by word and folds to the whole one"() {
    const parts = await gather(await client.chat(ask("one two three", { stream: true })));
    assert.deepEqual(parts.map(part => part.message.content), ["one", " two", " three", ""]);
    assert.deepEqual(parts.map(part => part.done), [false, false, false, true]);
    assert.equal(parts.at(-1).eval_count, 3);
    assert.equal(parts[0].eval_count, undefined);
  },

  async "a name may have the tag latest"() {
    assert.equal((await client.chat(ask("hi", { model: "scripted:latest" }))).message.content, "hi");
  },

  async "thinking comes in its own field, streamed and whole"() {
    const whole = await client.chat(ask("think", { think: true }));
    assert.equal(whole.message.thinking, "Hm. Well.");
    assert.equal(whole.message.content, "So.");
    const parts = await gather(await client.chat(ask("think", { think: "high", stream: true })));
    assert.equal(parts.map(part => part.message.thinking ?? "").join(""), "Hm. Well.");
    assert.equal(parts.map(part => part.message.content).join(""), "So.");
    const generated = await client.generate({ model: "scripted", prompt: "think", think: false });
    assert.equal(generated.thinking, "Hm. Well.");
    assert.equal(generated.response, "So.");
  },

  async "tools are called in a loop"() {
    const messages = [{ role: "user", content: "call" }];
    for (let turn = 0; ; turn++) {
      const { message, done_reason } = await client.chat({ model: "scripted", messages, tools });
      messages.push(message);
      if (!message.tool_calls) {
        assert.equal(turn, 1);
        assert.equal(message.content, "rain in Łódź");
        assert.equal(done_reason, "stop");
        break;
      }
      for (const call of message.tool_calls) {
        assert.equal(call.function.name, "weather");
        assert.deepEqual(call.function.arguments, { city: "Łódź" });
        messages.push({ role: "tool", tool_name: call.function.name, content: `rain in ${call.function.arguments.city}` });
      }
    }
    const parts = await gather(await client.chat(ask("call", { tools, stream: true })));
    assert.equal(parts.flatMap(part => part.message.tool_calls ?? []).length, 1);
  },

  async "a schema and options are taken"() {
    await client.chat(ask("structured", {
      format: { type: "object", properties: { age: { type: "integer" } } },
      options: {
        temperature: 0.5, top_k: 40, top_p: 0.9, min_p: 0.05, repeat_penalty: 1.1, repeat_last_n: -1, presence_penalty: 0.5,
        frequency_penalty: 0.25, seed: 7, num_predict: 99, stop: ["END"], num_ctx: 4096, num_gpu: 1, num_thread: 4, num_keep: 24,
        num_batch: 512, use_mmap: true, mirostat: 0, mirostat_tau: 5, tfs_z: 1, typical_p: 1, penalize_newline: true,
      },
      keep_alive: "10m",
    }));
    await client.chat(ask("structured", { format: "json", keep_alive: -1 }));
  },

  async "a prompt is a turn, or continued as it stands"() {
    const whole = await client.generate({ model: "scripted", prompt: "once upon a time", system: "Be brief." });
    assert.equal(whole.response, "once upon a time");
    assert.equal(whole.done_reason, "stop");
    const parts = await gather(await client.generate({ model: "scripted", prompt: "once upon", raw: true, stream: true }));
    assert.equal(parts.map(part => part.response).join(""), "once upon");
    assert.equal(parts.at(-1).done, true);
    assert.equal((await client.generate({ model: "scripted", prompt: "f(", suffix: ")" })).response, "f( … )");
  },

  async "a length that is reached is the reason"() {
    assert.equal((await client.chat(ask("long"))).done_reason, "length");
  },

  async "a request without a prompt only loads"() {
    assert.equal((await client.chat({ model: "scripted" })).done_reason, "load");
    const generated = await client.generate({ model: "scripted", prompt: "" });
    assert.deepEqual([generated.done, generated.done_reason, generated.response], [true, "load", ""]);
    await assert.rejects(client.generate({ model: "scripted", prompt: "", keep_alive: 0 }), /it stays/);
  },

  async "models are listed, shown and running"() {
    const { models: [model] } = await client.list();
    assert.equal(model.name, "scripted:latest");
    assert.match(model.digest, /^[0-9a-f]{64}$/);
    assert.deepEqual((await client.ps()).models.map(loaded => loaded.model), ["scripted:latest"]);
    assert.deepEqual((await client.show({ model: "scripted" })).capabilities, ["completion"]);
  },

  async "the version is new enough"() {
    const [major, minor] = (await client.version()).version.split(".").map(Number);
    assert.ok(major > 0 || minor >= 14);
  },

  async "errors have their status and name the field"() {
    const refused = (promise, status, words) => assert.rejects(promise, error => {
      assert.equal(error.name, "ResponseError");
      assert.equal(error.status_code, status);
      assert.match(error.message, words);
      return true;
    });
    await refused(client.chat(ask("x", { model: "absent" })), 404, /model 'absent' not found, try pulling it first/);
    await refused(client.show({ model: "absent" }), 404, /^model 'absent' not found$/);
    await refused(client.delete({ model: "absent" }), 404, /not found/);
    await refused(client.chat(ask("x", { options: { temperature: -1 } })), 400, /'options\.temperature'/);
    await refused(client.chat(ask("x", { options: { mirostat: 2 } })), 400, /'options\.mirostat'/);
    await refused(client.chat(ask("x", { options: { num_magic: 2 } })), 400, /'options\.num_magic'/);
    await refused(client.chat(ask("x", { format: "xml" })), 400, /'format'/);
    await refused(client.chat(ask("x", { think: "hard" })), 400, /'think'/);
    await refused(client.chat(ask("x", { keep_alive: "soon" })), 400, /'keep_alive'/);
    await refused(client.chat({ model: "scripted", messages: [{ role: "user", content: "x", images: ["AAAA"] }] }), 400, /'messages\[0\]\.images'/);
    await refused(client.generate({ model: "scripted", prompt: "x", images: ["AAAA"] }), 400, /'images'/);
    await refused(client.generate({ model: "scripted", prompt: "x", template: "{{ .Prompt }}" }), 400, /'template'/);
    await refused(client.generate({ model: "scripted", prompt: "x", context: [1, 2] }), 400, /'context'/);
    await refused(client.embed({ model: "scripted", input: "x" }), 400, /'model' is 'scripted', which is a language model/);
    await refused(client.pull({ model: "qwen3:0.6b" }), 403, /pulls no models/);
    await refused(client.chat(ask("fail")), 500, /request req_/);
    await refused(new Ollama({ host }).list(), 401, /API key/);
  },

  async "a failure amid a stream reaches the reader"() {
    const stream = await client.chat(ask("fail late", { stream: true }));
    await assert.rejects(gather(stream), /The server failed/);
  },

  async "a stream can be aborted"() {
    const stream = await client.chat(ask("forever", { stream: true }));
    let parts = 0;
    await assert.rejects(async () => {
      for await (const _ of stream) {
        if (++parts === 3) client.abort();
      }
    }, { name: "AbortError" });
  },
};

for (const [name, check] of Object.entries(checks)) {
  await check();
  console.log(`ok: ${name}`);
}
