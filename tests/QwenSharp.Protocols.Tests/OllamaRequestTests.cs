using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Faults;
using QwenSharp.Protocols.Ollama;

namespace QwenSharp.Protocols.Tests;

/// <summary>Every field of Ollama's requests becomes a neutral option, or is refused by its name.</summary>
public class OllamaRequestTests
{
    [Theory]
    [InlineData("""{"num_predict":-1}""", null)]
    [InlineData("""{"num_predict":-2}""", null)]
    [InlineData("""{"num_predict":0}""", null)]
    [InlineData("""{"num_predict":7}""", 7)]
    public void The_length_of_an_answer_has_words_for_no_limit(string options, int? expected) =>
        Assert.Equal(expected, Chat(options).Generation.Options.MaxOutputTokens);

    [Fact]
    public void What_is_off_by_its_value_is_off()
    {
        const string Off = """{"top_k":-1,"seed":-1,"top_p":0,"repeat_last_n":0,"repeat_penalty":1.5,"stop":[]}""";
        ChatOptions options = Chat(Off).Generation.Options;

        Assert.Equal((0, null, null), (options.TopK, options.Seed, options.StopSequences));
        Assert.InRange(options.TopP!.Value, float.Epsilon, 1e-6f);
        Assert.Equal(1f, options.AdditionalProperties![ChatOptionKeys.RepetitionPenalty]);
        Assert.Equal(0f, options.PresencePenalty);
    }

    [Theory]
    [InlineData("""{"mirostat":1}""", "options.mirostat")]
    [InlineData("""{"tfs_z":0.5}""", "options.tfs_z")]
    [InlineData("""{"typical_p":0.5}""", "options.typical_p")]
    [InlineData("""{"penalize_newline":false}""", "options.penalize_newline")]
    [InlineData("""{"repeat_last_n":64,"repeat_penalty":1.1}""", "options.repeat_last_n")]
    [InlineData("""{"vocab_only":true}""", "options.vocab_only")]
    [InlineData("""{"num_ctx":0}""", "options.num_ctx")]
    [InlineData("""{"num_thread":"four"}""", "options.num_thread")]
    [InlineData("""{"temperature":"hot"}""", "options.temperature")]
    [InlineData("""{"stop":[""]}""", "options.stop")]
    [InlineData("""{"whatever":1}""", "options.whatever")]
    [InlineData("[]", "options")]
    public void An_option_that_is_not_honoured_is_refused_by_name(string options, string name) =>
        Assert.Equal(name, Fault(() => Chat(options)).Option);

    [Theory]
    [InlineData("""{"model":"m","messages":[],"template":"x"}""", "template")]
    [InlineData("""{"model":"m","truncate":true}""", "truncate")]
    [InlineData("""{"model":"m","shift":true}""", "shift")]
    [InlineData("""{"model":""}""", "model")]
    [InlineData("""{"messages":[]}""", "model")]
    [InlineData("""{"model":"m","top_logprobs":3}""", "top_logprobs")]
    [InlineData("""{"model":"m","messages":[{"role":"developer","content":""}]}""", "messages[0].role")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"","tool_calls":[{}]}]}""", "messages[0].tool_calls")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":[]}]}""", "messages[0].content")]
    [InlineData(
        """{"model":"m","messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{}"}}]}]}""",
        "messages[0].tool_calls[0].function.arguments")]
    [InlineData("""{"model":"m","tools":[{"type":"function","function":{"name":"a b"}}]}""", "tools[0].function.name")]
    [InlineData("""{"model":"m","tools":[{"type":"web_search"}]}""", "tools[0].type")]
    public void A_field_that_is_not_honoured_is_refused_by_name(string request, string name) =>
        Assert.Equal(name, Fault(() => ChatRequest.Read(JsonElement.Parse(request))).Option);

    [Theory]
    [InlineData("300", 300d)]
    [InlineData("0", 0d)]
    [InlineData("\"0\"", 0d)]
    [InlineData("\"5m\"", 300d)]
    [InlineData("\"1h30m\"", 5400d)]
    [InlineData("\"500ms\"", 0.5)]
    [InlineData("\"1.5h\"", 5400d)]
    [InlineData("-1", null)]
    [InlineData("\"-1\"", null)]
    [InlineData("\"-1m\"", null)]
    [InlineData("1e300", null)]
    public void The_time_to_stay_is_a_number_or_a_duration(string value, double? seconds)
    {
        TimeSpan expected = seconds is { } number ? TimeSpan.FromSeconds(number) : Timeout.InfiniteTimeSpan;
        JsonElement request = JsonElement.Parse($$"""{"model":"m","keep_alive":{{value}}}""");

        Assert.Equal(expected, ChatRequest.Read(request).Generation.KeepAlive);
        Assert.Equal(expected, GenerateRequest.Read(request).Generation.KeepAlive);
    }

    [Theory]
    [InlineData("\"\"")]
    [InlineData("\"5\u00b0\"")]
    [InlineData("\"5m and\"")]
    [InlineData("\"NaN\"")]
    [InlineData("\"Infinity\"")]
    [InlineData("{}")]
    public void What_is_no_time_is_refused(string value) => Assert.Equal(
        "keep_alive", Fault(() => ChatRequest.Read(JsonElement.Parse($$"""{"model":"m","keep_alive":{{value}}}"""))).Option);

    [Fact]
    public void Results_find_their_calls_by_the_name_of_the_tool_or_by_order()
    {
        ChatRequest request = ChatRequest.Read(JsonElement.Parse(
            """
            {"model":"m","messages":[
                {"role":"assistant","content":"","thinking":"Two.","tool_calls":[
                    {"function":{"name":"a","arguments":{"x":1}}},{"function":{"name":"b","arguments":{}}},{"id":"mine","function":{"name":"a"}}]},
                {"role":"tool","tool_name":"b","content":"of b"},
                {"role":"tool","content":"of a"},
                {"role":"tool","tool_call_id":"mine","content":"of mine"}]}
            """));

        FunctionCallContent[] calls = [.. request.Messages[0].Contents.OfType<FunctionCallContent>()];
        FunctionResultContent[] results =
            [.. request.Messages.Skip(1).SelectMany(message => message.Contents).Cast<FunctionResultContent>()];
        Assert.Equal([calls[1].CallId, calls[0].CallId, "mine"], results.Select(result => result.CallId));
        Assert.Equal(["of b", "of a", "of mine"], results.Select(result => result.Result));
        Assert.Equal("Two.", request.Messages[0].Contents.OfType<TextReasoningContent>().Single().Text);
    }

    [Fact]
    public void A_suffix_stays_apart_from_what_is_before_it()
    {
        GenerateRequest gap = GenerateRequest.Read(JsonElement.Parse("""{"model":"m","prompt":"f(","suffix":")"}"""));
        GenerateRequest raw = GenerateRequest.Read(JsonElement.Parse("""{"model":"m","prompt":"f(","suffix":"","raw":true}"""));

        Assert.Equal(("f(", ")"), (gap.Raw!.Text, gap.Raw.Suffix));
        Assert.Equal(("f(", null), (raw.Raw!.Text, raw.Raw.Suffix));
    }

    [Theory]
    [InlineData("""{"model":"x"}""", "model")]
    [InlineData("""{"model":"x","from":"a","files":{"f":"sha256:0"}}""", "model")]
    [InlineData("""{"model":"a/../b c","from":"a"}""", "model")]
    [InlineData("""{"model":"x","from":"a","adapters":{"f":"sha256:0"}}""", "adapters")]
    [InlineData("""{"model":"x","from":"a","template":"t"}""", "template")]
    [InlineData("""{"model":"x","from":"a","modelfile":"FROM a"}""", "modelfile")]
    [InlineData("""{"model":"x","from":"a","parameters":{"mirostat":2}}""", "parameters.mirostat")]
    [InlineData("""{"model":"x","files":{"a":"1","b":"2"}}""", "files")]
    public void A_model_that_cannot_be_made_as_asked_is_refused(string request, string name) =>
        Assert.Equal(name, Fault(() => CreateRequest.Read(JsonElement.Parse(request))).Option);

    [Fact]
    public void A_fault_is_told_with_the_fields_of_the_protocol() => Assert.Equal(
        "'options.num_predict' is wrong.",
        OllamaFaults.Word(OptionFault.Of(FaultKind.OutOfRange, nameof(ChatOptions.MaxOutputTokens), "is wrong.")).Error);

    private static ChatRequest Chat(string options) => ChatRequest.Read(JsonElement.Parse($$"""{"model":"m","options":{{options}}}"""));

    private static OptionFault Fault(Action read) => Assert.IsAssignableFrom<IOptionFault>(Record.Exception(read)).Fault;
}
