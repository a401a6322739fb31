using System.Net;
using System.Text;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers;

namespace QwenSharp.Gateway.Tests;

/// <summary>The same small answer, with a thought, a text, a call and usage, as each form streams it.</summary>
public class AnswerTests
{
    private const string Chat = """
        data: {"id":"r1","model":"m1","choices":[{"index":0,"delta":{"role":"assistant","reasoning_content":"hm"}}]}

        data: {"id":"r1","choices":[{"index":0,"delta":{"content":"Søk"}}]}

        data: {"id":"r1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c1","function":{"name":"find","arguments":"{\"q\":"}}]}}]}

        data: {"id":"r1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"高\"}"}}]}}]}

        data: {"id":"r1","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}

        data: {"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":3}}}

        data: [DONE]


        """;

    private const string Messages = """
        event: message_start
        data: {"type":"message_start","message":{"id":"r1","model":"m1","usage":{"input_tokens":7,"cache_read_input_tokens":3,"cache_creation_input_tokens":0,"output_tokens":1}}}

        event: content_block_start
        data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}

        event: content_block_stop
        data: {"type":"content_block_stop","index":0}

        event: something_new
        data: {"type":"something_new"}

        event: content_block_start
        data: {"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Søk"}}

        event: content_block_stop
        data: {"type":"content_block_stop","index":1}

        event: content_block_start
        data: {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"c1","name":"find","input":{}}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"q\":"}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"\"高\"}"}}

        event: content_block_stop
        data: {"type":"content_block_stop","index":2}

        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":4}}

        event: message_stop
        data: {"type":"message_stop"}


        """;

    private const string Responses = """
        data: {"type":"response.created","response":{"id":"r1","model":"m1"}}

        data: {"type":"response.reasoning_text.delta","output_index":0,"delta":"hm"}

        data: {"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","summary":[]}}

        data: {"type":"response.output_text.delta","output_index":1,"delta":"Søk"}

        data: {"type":"response.output_item.added","output_index":2,"item":{"type":"function_call","call_id":"c1","name":"find"}}

        data: {"type":"response.function_call_arguments.delta","output_index":2,"delta":"{\"q\":"}

        data: {"type":"response.function_call_arguments.delta","output_index":2,"delta":"\"高\"}"}

        data: {"type":"response.output_item.done","output_index":2,"item":{"type":"function_call","call_id":"c1","name":"find","arguments":"{\"q\":\"高\"}"}}

        data: {"type":"response.completed","response":{"status":"completed","usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":3},"output_tokens":4}}}


        """;

    private const string Gemini = """
        data: {"responseId":"r1","modelVersion":"m1","candidates":[{"content":{"parts":[{"text":"hm","thought":true},{"text":"Søk"}]}}]}

        data: {"candidates":[{"content":{"parts":[{"functionCall":{"id":"c1","name":"find","args":{"q":"高"}}}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":10,"cachedContentTokenCount":3,"candidatesTokenCount":3,"thoughtsTokenCount":1}}


        """;

    private const string Generation = """
        id:1
        event:result
        :HTTP_STATUS/200
        data:{"request_id":"r1","output":{"choices":[{"message":{"reasoning_content":"hm","content":""},"finish_reason":"null"}]}}

        data:{"output":{"choices":[{"message":{"content":[{"text":"Søk"}],"tool_calls":[{"index":0,"id":"c1","function":{"name":"find","arguments":"{\"q\":"}}]},"finish_reason":"null"}]}}

        data:{"output":{"choices":[{"message":{"content":"","tool_calls":[{"index":0,"id":"","function":{"arguments":"\"高\"}"}}]},"finish_reason":"tool_calls"}]},"usage":{"input_tokens":10,"output_tokens":4,"prompt_tokens_details":{"cached_tokens":3}}}


        """;

    private const string Ollama = """
        {"model":"m1","message":{"thinking":"hm","content":""},"done":false}
        {"model":"m1","message":{"content":"Søk"},"done":false}
        {"model":"m1","message":{"content":"","tool_calls":[{"id":"c1","function":{"name":"find","arguments":{"q":"高"}}}]},"done":false}
        {"model":"m1","message":{"content":""},"done":true,"done_reason":"stop","prompt_eval_count":10,"eval_count":4}

        """;

    private static readonly (string Event, string Payload)[] Converse =
    [
        ("messageStart", """{"role":"assistant"}"""),
        ("contentBlockDelta", """{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"hm"}}}"""),
        ("contentBlockDelta", """{"contentBlockIndex":1,"delta":{"text":"Søk"}}"""),
        ("contentBlockStart", """{"contentBlockIndex":2,"start":{"toolUse":{"toolUseId":"c1","name":"find"}}}"""),
        ("contentBlockDelta", """{"contentBlockIndex":2,"delta":{"toolUse":{"input":"{\"q\":"}}}"""),
        ("contentBlockDelta", """{"contentBlockIndex":2,"delta":{"toolUse":{"input":"\"高\"}"}}}"""),
        ("contentBlockStop", """{"contentBlockIndex":2}"""),
        ("messageStop", """{"stopReason":"tool_use"}"""),
        ("metadata", """{"usage":{"inputTokens":7,"cacheReadInputTokens":3,"outputTokens":4}}"""),
    ];

    public static TheoryData<ProviderKind> Kinds() => [.. Enum.GetValues<ProviderKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Every_form_tells_the_same(ProviderKind kind)
    {
        foreach (int size in (int[])[1, 5, 4096])
        {
            CannedReply http = new(HttpStatusCode.OK, "text/plain", Stream(kind), size);
            Reading reading = await Reading.OfAsync(Make.Provider(kind, http), Make.Call());
            Assert.Null(reading.Error);
            Assert.Equal("hm", reading.Thinking);
            Assert.Equal("Søk", reading.Text);
            FunctionCallContent call = Assert.Single(reading.Calls);
            Assert.Equal(("c1", "find", "高"), (call.CallId, call.Name, call.Arguments!["q"]!.ToString()));
            Assert.Equal("{\"q\":\"高\"}", string.Concat(reading.Fragments.Select(fragment => fragment.Arguments)));
            Assert.Equal(("", "find"), (reading.Fragments[0].Arguments, reading.Fragments[0].Name));
            Assert.Equal(ChatFinishReason.ToolCalls, reading.Finish);
            Assert.Equal(10, reading.Usage!.InputTokenCount);
            Assert.Equal(4, reading.Usage.OutputTokenCount);
            Assert.Equal(kind == ProviderKind.Ollama ? null : 3, reading.Usage.CachedInputTokenCount);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task No_form_takes_an_answer_for_whole_that_is_cut(ProviderKind kind)
    {
        byte[] whole = Stream(kind);
        for (int length = 0; length < whole.Length - 200; length += 13)
        {
            CannedReply http = new(HttpStatusCode.OK, "text/plain", whole[..length], 64);
            Reading reading = await Reading.OfAsync(Make.Provider(kind, http), Make.Call());
            Assert.Equal(ProviderErrorKind.Cut, reading.Error?.Kind);
            Assert.Null(reading.Finish);
        }
    }

    private static byte[] Stream(ProviderKind kind) => kind switch
    {
        ProviderKind.Bedrock => [.. Converse.SelectMany(entry => AwsEvents.Message(entry.Payload, (":event-type", entry.Event)))],
        ProviderKind.Anthropic or ProviderKind.Vertex => Encoding.UTF8.GetBytes(Messages),
        ProviderKind.OpenAIResponses => Encoding.UTF8.GetBytes(Responses),
        ProviderKind.Gemini => Encoding.UTF8.GetBytes(Gemini),
        ProviderKind.DashScope => Encoding.UTF8.GetBytes(Generation),
        ProviderKind.Ollama => Encoding.UTF8.GetBytes(Ollama),
        _ => Encoding.UTF8.GetBytes(Chat),
    };
}
