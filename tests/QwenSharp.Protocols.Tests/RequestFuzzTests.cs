using System.Text.Json;
using System.Text.Json.Nodes;
using QwenSharp.Faults;
using QwenSharp.Protocols.Ollama;
using QwenSharp.Protocols.OpenAI;

namespace QwenSharp.Protocols.Tests;

public class RequestFuzzTests
{
    private const string Whole = """
        {"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"t"}]},
        {"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},
        {"role":"tool","tool_call_id":"c","content":"r"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],
        "tool_choice":"auto","temperature":1,"top_p":1,"n":1,"stop":["x"],"logit_bias":{"1":2},"stream":true,"stream_options":{"include_usage":true},
        "logprobs":true,"top_logprobs":2,"response_format":{"type":"text"},"chat_template_kwargs":{"a":1},"seed":1,"user":"u"}
        """;

    private static readonly string[] Values =
    [
        "null", "true", "-1", "1e400", "0.5", "\"\"", "\"x\"", "[]", "[null]", "[[]]", "{}", "{\"a\":{}}",
    ];

    private const string WholeOllama = """
        {"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":"t","images":[]},
        {"role":"assistant","content":"","thinking":"h","tool_calls":[{"id":"c","function":{"index":0,"name":"f","arguments":{"a":1}}}]},
        {"role":"tool","tool_name":"f","content":"r"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],
        "format":{"type":"object"},"think":"low","keep_alive":"5m","stream":true,"logprobs":true,"top_logprobs":2,"truncate":false,
        "options":{"temperature":1,"top_k":5,"top_p":1,"seed":1,"num_predict":5,"stop":["x"],"num_ctx":5,"mirostat":0,"num_gpu":1}}
        """;

    private const string WholeGenerate = """
        {"model":"m","prompt":"p","suffix":"s","system":"","raw":true,"images":[],"context":[],"template":"","think":true,"format":"json",
        "keep_alive":-1,"stream":false,"options":{"min_p":0.1,"repeat_penalty":1.1,"repeat_last_n":-1,"num_predict":-2,"use_mmap":true}}
        """;

    private const string WholeCreate = """
        {"model":"m","from":"f","system":"s","license":["l"],"messages":[{"role":"user","content":"t"}],"stream":true,
        "parameters":{"temperature":1,"repeat_last_n":-1,"repeat_penalty":1.1,"stop":"x"},"adapters":{},"quantize":"","template":""}
        """;

    [Fact]
    public void Any_value_anywhere_is_read_or_refused() =>
        ReadOrRefused(Whole, body => ChatCompletionRequest.Read(body));

    [Fact]
    public void Any_value_anywhere_is_read_or_refused_in_Ollamas_requests()
    {
        ReadOrRefused(WholeOllama, body => ChatRequest.Read(body));
        ReadOrRefused(WholeGenerate, body => GenerateRequest.Read(body));
        ReadOrRefused(WholeCreate, body => CreateRequest.Read(body));
    }

    private static void ReadOrRefused(string whole, Action<JsonElement> read)
    {
        Random random = new(20260101);
        int refused = 0;
        for (int i = 0; i < 5_000; i++)
        {
            JsonNode body = JsonNode.Parse(whole)!;
            for (int changes = random.Next(1, 4); changes > 0; changes--)
                Change(body, random);

            try
            {
                read(JsonElement.Parse(body.ToJsonString()));
            }
            catch (Exception fault) when (fault is IOptionFault)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1_000, 5_000);
    }

    private static void Change(JsonNode body, Random random)
    {
        JsonNode at = body;
        while (true)
        {
            List<JsonNode?> below = at switch
            {
                JsonObject fields => [.. fields.Select(field => field.Value)],
                JsonArray items => [.. items],
                _ => [],
            };
            JsonNode? next = below.Count > 0 ? below[random.Next(below.Count)] : null;
            if (next is null || random.Next(3) == 0)
                break;

            at = next;
        }

        if (at.Parent is not null)
            at.ReplaceWith(JsonNode.Parse(Values[random.Next(Values.Length)]));
    }
}
