using System.Text.Json;
using System.Text.Json.Nodes;
using QwenSharp.Faults;
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

    [Fact]
    public void Any_value_anywhere_is_read_or_refused()
    {
        Random random = new(20260101);
        int refused = 0;
        for (int i = 0; i < 5_000; i++)
        {
            JsonNode body = JsonNode.Parse(Whole)!;
            for (int changes = random.Next(1, 4); changes > 0; changes--)
                Change(body, random);

            try
            {
                ChatCompletionRequest.Read(JsonElement.Parse(body.ToJsonString()));
            }
            catch (Exception fault) when (fault is IOptionFault)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1_000, 4_999);
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
