using System.Text.Json;
using System.Text.Json.Nodes;
using QwenSharp.Faults;
using QwenSharp.Protocols.Anthropic;
using QwenSharp.Protocols.DashScope;
using QwenSharp.Protocols.Ollama;
using QwenSharp.Protocols.OpenAI;
using QwenSharp.Protocols.OpenAI.Responses;
using QwenSharp.Protocols.SelfHosted;

namespace QwenSharp.Protocols.Tests;

public class RequestFuzzTests
{
    private const string Whole = """
        {"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"t"}]},
        {"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},
        {"role":"tool","tool_call_id":"c","content":"r"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}],
        "tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"f"}}]}},
        "parallel_tool_calls":false,"temperature":1,"top_p":1,"n":1,"stop":["x"],"logit_bias":{"1":2},"stream":true,
        "stream_options":{"include_usage":true},"logprobs":true,"top_logprobs":2,
        "response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"},"strict":true}},
        "reasoning_effort":"low","reasoning":{"effort":"low","max_tokens":5},"thinking":{"type":"enabled","budget_tokens":5},
        "prediction":{"type":"content","content":[{"type":"text","text":"t"}]},"structured_outputs":null,"grammar":"",
        "chat_template_kwargs":{"a":1},"seed":1,"user":"u"}
        """;

    private const string WholeMessages = """
        {"model":"m","max_tokens":9,"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral","ttl":"5m"}}],"messages":[
        {"role":"user","content":[{"type":"text","text":"t"}]},{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"s"},
        {"type":"text","text":"t"},{"type":"tool_use","id":"c","name":"f","input":{"a":1},"caller":{"type":"direct"}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":[{"type":"text","text":"r"}],"is_error":true},
        {"type":"document","source":{"type":"text","data":"d"},"citations":{"enabled":false}}]},{"role":"system","content":"s"}],
        "tools":[{"name":"f","description":"d","input_schema":{"type":"object"},"allowed_callers":["direct"],"input_examples":[]}],
        "tool_choice":{"type":"tool","name":"f"},"temperature":1,"top_p":1,"top_k":1,"stop_sequences":["x"],"stream":true,
        "thinking":{"type":"enabled","budget_tokens":9,"display":"omitted"},"metadata":{"user_id":"u"},"service_tier":"auto","speed":"standard",
        "output_config":{"effort":"low","format":{"type":"json_schema","schema":{}}},"mcp_servers":[],
        "context_management":{"edits":[{"type":"clear_thinking_20251015","keep":{"type":"thinking_turns","value":1}}]}}
        """;

    private const string Generation = """
        {"model":"m","input":{"messages":[{"role":"user","content":[{"text":"t","cache_control":{"type":"ephemeral"}}]},
        {"role":"assistant","content":"","tool_calls":[{"id":"c","index":0,"type":"function","function":{"name":"f","arguments":"{}"}}]},
        {"role":"tool","tool_call_id":"c","content":"r"}]},"parameters":{"result_format":"message","stop":["x"],"n":2,"seed":1,
        "tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"function","function":{"name":"f"}},
        "response_format":{"type":"json_object"},"search_options":{"a":false},"enable_thinking":true,"thinking_budget":5}}
        """;

    private const string Infill = """
        {"input_prefix":"a","input_suffix":"b","input_extra":[{"filename":"f","text":"t"}],"stop":["x"],"n_predict":5,"seed":-1,"top_p":1}
        """;

    private const string Conversation = """
        {"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"t"}]},
        {"role":"assistant","content":"","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},
        {"role":"tool","tool_call_id":"c","content":"r"}],"tools":[{"type":"function","function":{"name":"f"}}],
        "chat_template_kwargs":{"a":1}}
        """;

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

    private const string WholeResponses = """
        {"model":"m","instructions":"i","input":[{"role":"user","content":"t"},{"type":"message","role":"user","content":[{"type":"input_text",
        "text":"t"}]},{"type":"reasoning","id":"rs","summary":[{"type":"summary_text","text":"t"}],"content":null,"encrypted_content":"eA=="},
        {"type":"message","id":"m","status":"completed","role":"assistant","content":[{"type":"output_text","text":"t","annotations":[]}]},
        {"type":"function_call","id":"fc","call_id":"c","name":"f","namespace":"n","arguments":"{}","status":"completed"},
        {"type":"function_call_output","call_id":"c","output":[{"type":"input_image","image_url":"u"}]},
        {"type":"custom_tool_call","call_id":"d","name":"g","input":"x"},{"type":"custom_tool_call_output","call_id":"d","output":"r"}],
        "tools":[{"type":"function","name":"f","parameters":{"type":"object"},"strict":true},{"type":"custom","name":"g",
        "format":{"type":"grammar","syntax":"regex","definition":"a"}},{"type":"namespace","name":"n","description":"d","tools":[{"type":
        "function","name":"f"}]},{"type":"web_search"}],"tool_choice":{"type":"allowed_tools","mode":"auto","tools":[{"type":"function",
        "name":"f"}]},"text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object"}},"verbosity":"low"},
        "reasoning":{"effort":"low","summary":"auto"},"include":["reasoning.encrypted_content"],"stream":true,"stream_options":{},
        "metadata":{"a":"b"},"conversation":{"id":"c"},"client_metadata":{},"max_output_tokens":5,"top_logprobs":2,"truncation":"disabled"}
        """;

    private static readonly Dictionary<string, (string Whole, Action<JsonElement> Read)> Readers = new()
    {
        ["chat"] = (Whole, body => ChatCompletionRequest.Read(body)),
        ["completion"] = (
            """{"prompt":["a",[1,2]],"suffix":null,"echo":true,"best_of":3,"n":2,"logprobs":2,"guided_choice":["a"],"stop":["x"]}""",
            body => CompletionRequest.Read(body)),
        ["embeddings"] = ("""{"input":["a",[1,2]],"dimensions":3,"encoding_format":"float"}""", body => OpenAI.EmbeddingsRequest.Read(body)),
        ["moderation"] = ("""{"input":[{"type":"text","text":"a"}]}""", body => ModerationRequest.Read(body)),
        ["generation"] = (Generation, body => GenerationRequest.Read(body)),
        ["infill"] = (Infill, body => InfillRequest.Read(body)),
        ["ollama chat"] = (WholeOllama, body => Ollama.ChatRequest.Read(body)),
        ["ollama generate"] = (WholeGenerate, body => Ollama.GenerateRequest.Read(body)),
        ["ollama create"] = (WholeCreate, body => Ollama.CreateRequest.Read(body)),
        ["rerank"] = ("""{"query":"q","documents":["a",{"text":"b"}],"top_n":1}""", body => RerankRequest.Read(body)),
        ["score"] = ("""{"text_1":["q"],"text_2":["a"]}""", body => ScoreRequest.Read(body)),
        ["messages"] = (WholeMessages, body => MessagesRequest.Read(body, new ThoughtSigner())),
        ["responses"] = (WholeResponses, ReadResponse),
        ["tokenize"] = (Conversation, body => TokenizeRequest.Read(body)),
    };

    private static readonly string[] Values =
    [
        "null", "true", "-1", "1e400", "0.5", "\"\"", "\"x\"", "[]", "[null]", "[[]]", "{}", "{\"a\":{}}",
    ];

    public static TheoryData<string> Names() => [.. Readers.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Any_value_anywhere_is_read_or_refused(string name)
    {
        (string whole, Action<JsonElement> read) = Readers[name];
        read(JsonElement.Parse(whole));
        Random random = new(20260101);
        int refused = 0;
        for (int i = 0; i < 3_000; i++)
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

        Assert.InRange(refused, 300, 2_999);
    }

    private static void ReadResponse(JsonElement body)
    {
        ThoughtSealer sealer = new();
        ResponsesRequest.Mentioned(body, sealer);
        ResponsesRequest.Read(body, sealer, _ => null).Converse([]);
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
