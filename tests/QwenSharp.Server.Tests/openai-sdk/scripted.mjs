// OpenAI's own client against a scripted model: node scripted.mjs BASE_URL
import assert from "node:assert/strict";
import OpenAI from "openai";

const client = new OpenAI({ baseURL: process.argv[2], apiKey: "open sesame", maxRetries: 0 });
const ask = (content, more = {}) => ({ model: "scripted", messages: [{ role: "user", content }], ...more });
const tools = [{
  type: "function",
  function: { name: "weather", description: "The weather", parameters: { type: "object", properties: { city: { type: "string" } } } },
}];

const checks = {
  async "a whole reply has content and usage"() {
    const reply = await client.chat.completions.create(ask("one two three"));
    assert.equal(reply.choices[0].message.content, "one two three");
    assert.equal(reply.choices[0].finish_reason, "stop");
    assert.deepEqual(reply.usage, { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 });
    assert.match(reply._request_id, /^req_/);
  },

  async "a stream has the words, the reason and the usage"() {
    const stream = await client.chat.completions.create(ask("one two three", { stream: true, stream_options: { include_usage: true } }));
    const words = [];
    let finish, usage;
    for await (const chunk of stream) {
      const choice = chunk.choices[0];
      if (choice?.delta.content) words.push(choice.delta.content);
      finish = choice?.finish_reason ?? finish;
      usage = chunk.usage ?? usage;
    }
    assert.deepEqual(words, ["one", " two", " three"]);
    assert.equal(finish, "stop");
    assert.equal(usage.total_tokens, 10);
  },

  async "the SDK's own folding of a stream agrees with the whole reply"() {
    const runner = client.chat.completions.stream(ask("one two", { n: 2 }));
    const reply = await runner.finalChatCompletion();
    assert.deepEqual(reply.choices.map(choice => choice.message.content), ["one two", "one two"]);
  },

  async "a tool call arrives, and its result goes back"() {
    const runner = client.chat.completions.stream(ask("call", { tools }));
    const first = (await runner.finalChatCompletion()).choices[0];
    assert.equal(first.finish_reason, "tool_calls");
    const call = first.message.tool_calls[0];
    assert.equal(call.function.name, "weather");
    assert.deepEqual(JSON.parse(call.function.arguments), { city: "Łódź" });

    const second = await client.chat.completions.create({
      model: "scripted",
      tools,
      messages: [{ role: "user", content: "call" }, first.message, { role: "tool", tool_call_id: call.id, content: "sunny in Łódź" }],
    });
    assert.equal(second.choices[0].message.content, "sunny in Łódź");
  },

  async "arguments arrive in pieces, and add up to the whole"() {
    const deltas = [];
    const runner = client.chat.completions.stream(ask("two calls", { tools }));
    runner.on("tool_calls.function.arguments.delta", ({ index, arguments_delta }) => deltas.push([index, arguments_delta]));
    const streamed = (await runner.finalChatCompletion()).choices[0].message;
    assert.deepEqual(deltas.filter(([, delta]) => delta), [[0, '{"ci'], [0, 'ty": "Łó'], [0, 'dź"}'], [1, '{"city": '], [1, '"Oslo" }']]);
    const whole = (await client.chat.completions.create(ask("two calls", { tools }))).choices[0].message;
    assert.equal(streamed.content, whole.content);
    const told = message => message.tool_calls.map(call => [call.id, call.function.name, call.function.arguments]);
    assert.deepEqual(told(whole), [["call_1", "weather", '{"city": "Łódź"}'], ["call_2", "weather", '{"city": "Oslo" }']]);
    assert.deepEqual(told(streamed), told(whole));
  },

  async "a call that is cut is told as far as it goes, and the history with it is taken"() {
    let said = "", finish;
    for await (const { choices: [choice] } of await client.chat.completions.create(ask("cut", { tools, stream: true }))) {
      said += choice.delta.tool_calls?.[0].function.arguments ?? "";
      finish = choice.finish_reason ?? finish;
    }
    const whole = (await client.chat.completions.create(ask("cut", { tools }))).choices[0];
    assert.deepEqual([said, finish], ['{"city": "Łódź", "days": [1, ', "length"]);
    assert.deepEqual([whole.message.tool_calls[0].function.arguments, whole.finish_reason], [said, finish]);
    const messages = [{ role: "user", content: "cut" }, whole.message, { role: "user", content: "go on" }];
    assert.equal((await client.chat.completions.create({ model: "scripted", tools, messages })).choices[0].message.content, "go on");
  },

  async "the tool runner drives the loop"() {
    const runner = client.chat.completions.runTools(ask("call", {
      stream: true,
      tools: [{ type: "function", function: { ...tools[0].function, parse: JSON.parse, function: ({ city }) => `rain in ${city}` } }],
    }));
    assert.equal(await runner.finalContent(), "rain in Łódź");
  },

  async "a plain completion streams and folds"() {
    const whole = await client.completions.create({ model: "scripted", prompt: "once upon a time" });
    assert.equal(whole.choices[0].text, "once upon a time");
    let text = "";
    for await (const chunk of await client.completions.create({ model: "scripted", prompt: "once upon a time", stream: true }))
      text += chunk.choices[0].text;
    assert.equal(text, whole.choices[0].text);
  },

  async "structured output is asked for and parsed"() {
    const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false };
    const reply = await client.chat.completions.parse(ask("options", {
      response_format: { type: "json_schema", json_schema: { name: "place", description: "a place", schema, strict: true } },
    }));
    assert.deepEqual(reply.choices[0].message.parsed.format, { name: "place", description: "a place", schema });
    const plain = await client.chat.completions.create(ask("options", { response_format: { type: "json_object" } }));
    assert.deepEqual(JSON.parse(plain.choices[0].message.content).format, { name: null, description: null, schema: null });
  },

  async "every tool choice arrives"() {
    const choose = async tool_choice => {
      const reply = await client.chat.completions.create(ask("options", { tools, tool_choice, parallel_tool_calls: false }));
      const { mode, several, allowed } = JSON.parse(reply.choices[0].message.content);
      assert.equal(several, false);
      return [mode, allowed];
    };
    const weather = { type: "function", function: { name: "weather" } };
    assert.deepEqual(await choose("auto"), ["auto", null]);
    assert.deepEqual(await choose("none"), ["none", null]);
    assert.deepEqual(await choose("required"), ["required", null]);
    assert.deepEqual(await choose(weather), ["weather", null]);
    assert.deepEqual(
      await choose({ type: "allowed_tools", allowed_tools: { mode: "required", tools: [weather] } }), ["required", ["weather"]]);
  },

  async "usage tells what was cached and what was thought"() {
    const { usage } = await client.chat.completions.create(ask("cached"));
    assert.equal(usage.prompt_tokens_details.cached_tokens, 5);
    assert.equal(usage.completion_tokens_details.reasoning_tokens, 2);
    let streamed;
    for await (const chunk of await client.chat.completions.create(ask("cached", { stream: true, stream_options: { include_usage: true } })))
      streamed = chunk.usage ?? streamed;
    assert.deepEqual(streamed, usage);
  },

  async "the older functions are called and answered in their own form"() {
    const functions = [{ name: "weather", parameters: tools[0].function.parameters }];
    const whole = (await client.chat.completions.create(ask("call", { functions }))).choices[0];
    assert.equal(whole.finish_reason, "function_call");
    assert.deepEqual(whole.message.function_call, { name: "weather", arguments: '{"city":"Łódź"}' });
    const folded = (await client.chat.completions.stream(ask("call", { functions })).finalChatCompletion()).choices[0];
    assert.deepEqual([folded.finish_reason, folded.message.function_call], ["function_call", whole.message.function_call]);
  },

  async "an answer that went round in circles is cut"() {
    const choice = (await client.chat.completions.create(ask("circle"))).choices[0];
    assert.deepEqual([choice.finish_reason, choice.stop_reason], ["length", "repetition"]);
  },

  async "a stream is padded where that is asked for"() {
    for await (const chunk of await client.chat.completions.create(ask("one", { stream: true, stream_options: { include_obfuscation: true } })))
      assert.equal(((chunk.choices[0].delta.content ?? "").length + chunk.obfuscation.length) % 16, 0);
  },

  async "models are listed"() {
    const ids = [];
    for await (const model of client.models.list()) ids.push(model.id);
    assert.deepEqual(ids, ["scripted"]);
    assert.equal((await client.models.retrieve("scripted")).owned_by, "qwensharp");
  },

  async "errors have the SDK's classes and name the field"() {
    await assert.rejects(client.chat.completions.create(ask("x", { modalities: ["audio"] })), error =>
      error instanceof OpenAI.BadRequestError && error.param === "modalities" && error.code === "unsupported_parameter");
    await assert.rejects(client.chat.completions.create(ask("x", { model: "gpt-4" })), error =>
      error instanceof OpenAI.NotFoundError && error.code === "model_not_found");
    await assert.rejects(client.chat.completions.create(ask("x", { stream: true, temperature: 9 })), error =>
      error instanceof OpenAI.BadRequestError && error.param === "temperature");
    await assert.rejects(client.withOptions({ apiKey: "guess" }).models.list(), OpenAI.AuthenticationError);
    await assert.rejects(client.chat.completions.create(ask("fail")), error =>
      error instanceof OpenAI.InternalServerError && error.message.includes(error.requestID));
  },

  async "a failure amid a stream reaches the reader"() {
    const stream = await client.chat.completions.create(ask("fail late", { stream: true }));
    await assert.rejects(async () => { for await (const _ of stream); }, OpenAI.APIError);
  },

  async "a stream can be left"() {
    const stream = await client.chat.completions.create(ask("forever", { stream: true }));
    let chunks = 0;
    for await (const _ of stream) {
      if (++chunks === 3) break;
    }
    assert.ok(stream.controller.signal.aborted);
  },
};

for (const [name, check] of Object.entries(checks)) {
  await check();
  console.log(`ok: ${name}`);
}
