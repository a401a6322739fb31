using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Protocols.OpenAI;

namespace QwenSharp.Protocols.Tests;

public class ChatCompletionRequestTests
{
    [Fact]
    public void Every_sampling_field_arrives()
    {
        ChatCompletionRequest request = Read("""
            "temperature":0.5,"top_p":0.25,"top_k":40,"min_p":0.125,"presence_penalty":-1.5,"frequency_penalty":1.5,"repetition_penalty":1.25,
            "seed":-7,"max_completion_tokens":12,"stop":["a","b"],"logit_bias":{"5":-100,"6":1.5},"n":3,"stream":true,
            "stream_options":{"include_usage":true},"logprobs":true,"top_logprobs":20,"user":"u"
            """);

        ChatOptions options = request.Generation.Options;
        Assert.Equal(
            (0.5f, 0.25f, 40, -1.5f, 1.5f),
            (options.Temperature, options.TopP, options.TopK, options.PresencePenalty, options.FrequencyPenalty));
        Assert.Equal((-7L, 12), (options.Seed, options.MaxOutputTokens));
        Assert.Equal(["a", "b"], options.StopSequences!);
        Assert.Equal(0.125f, options.AdditionalProperties![ChatOptionKeys.MinP]);
        Assert.Equal(1.25f, options.AdditionalProperties[ChatOptionKeys.RepetitionPenalty]);
        Assert.Equal(new Dictionary<int, float> { [5] = -100, [6] = 1.5f }, options.AdditionalProperties[ChatOptionKeys.LogitBias]);
        Assert.Equal(true, options.AdditionalProperties[ChatOptionKeys.Logprobs]);
        Assert.Equal(20, options.AdditionalProperties[ChatOptionKeys.TopLogprobs]);
        Assert.Equal(
            (3, true, true, "u"),
            (request.Generation.Choices, request.Generation.Stream, request.Generation.IncludeUsage, request.Generation.User));
    }

    [Fact]
    public void What_is_absent_or_null_stays_unset()
    {
        ChatOptions plain = Read("").Generation.Options;
        ChatOptions nulls = Read("""
            "temperature":null,"top_p":null,"top_k":null,"min_p":null,"seed":null,"max_tokens":null,"max_completion_tokens":null,"stop":null,
            "logit_bias":null,"n":null,"stream":null,"stream_options":null,"logprobs":null,"top_logprobs":null,"tools":null,"tool_choice":null,
            "response_format":null,"store":null,"metadata":null,"service_tier":null,"modalities":null,"user":null,"chat_template_kwargs":null
            """).Generation.Options;

        foreach (ChatOptions options in new[] { plain, nulls })
        {
            Assert.Null(options.Temperature);
            Assert.Null(options.TopP);
            Assert.Null(options.MaxOutputTokens);
            Assert.Null(options.Seed);
            Assert.Null(options.StopSequences);
            Assert.Null(options.Tools);
            Assert.Empty(options.AdditionalProperties!);
        }
    }

    [Theory]
    [InlineData("\"stop\":\"end\"")]
    [InlineData("\"stop\":[\"end\"]")]
    public void Stop_is_a_string_or_a_list(string field) => Assert.Equal(["end"], Read(field).Generation.Options.StopSequences!);

    [Fact]
    public void A_top_k_below_zero_is_off() => Assert.Equal(0, Read("\"top_k\":-1").Generation.Options.TopK);

    [Fact]
    public void Verbosity_is_a_sentence_behind_the_instructions()
    {
        Assert.Equal(["Keep your answers short.", "Hi"], Read("\"verbosity\":\"low\"").Messages.Select(message => message.Text));
        Assert.Equal(["Hi"], Read("\"verbosity\":\"medium\"").Messages.Select(message => message.Text));
    }

    [Theory]
    [InlineData("\"store\":false")]
    [InlineData("\"store\":true")]
    [InlineData("\"metadata\":{}")]
    [InlineData("\"metadata\":{\"team\":\"a\"}")]
    [InlineData("\"service_tier\":\"auto\"")]
    [InlineData("\"service_tier\":\"priority\"")]
    [InlineData("\"prompt_cache_key\":\"k\"")]
    [InlineData("\"safety_identifier\":\"u\"")]
    [InlineData("\"verbosity\":\"medium\"")]
    [InlineData("\"tools\":[]")]
    [InlineData("\"tools\":[],\"tool_choice\":\"auto\"")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"strict\":true}}]")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"files.read/all:v2\"}}]")]
    [InlineData("\"response_format\":{\"type\":\"text\"}")]
    [InlineData("\"modalities\":[\"text\"]")]
    [InlineData("\"parallel_tool_calls\":true")]
    [InlineData("\"max_tokens\":5,\"max_completion_tokens\":5")]
    public void Values_that_ask_for_nothing_are_accepted(string fields) => Read(fields);

    [Theory]
    [InlineData("\"tempersture\":1", "tempersture", "unsupported_parameter")]
    [InlineData("\"audio\":{}", "audio", "unsupported_parameter")]
    [InlineData("\"store\":1", "store", "invalid_type")]
    [InlineData("\"metadata\":{\"a\":1}", "metadata.a", "invalid_type")]
    [InlineData("\"metadata\":[]", "metadata", "invalid_type")]
    [InlineData("\"service_tier\":\"gold\"", "service_tier", "invalid_value")]
    [InlineData("\"prompt_cache_key\":1", "prompt_cache_key", "invalid_type")]
    [InlineData("\"safety_identifier\":1", "safety_identifier", "invalid_type")]
    [InlineData("\"verbosity\":\"none\"", "verbosity", "invalid_value")]
    [InlineData("\"reasoning_effort\":\"huge\"", "reasoning_effort", "invalid_value")]
    [InlineData("\"modalities\":[\"audio\"]", "modalities", "unsupported_parameter")]
    [InlineData("\"response_format\":{\"type\":\"structural_tag\"}", "response_format.type", "unsupported_parameter")]
    [InlineData("\"response_format\":{\"type\":\"text\",\"x\":1}", "response_format.x", "unsupported_parameter")]
    [InlineData("\"parallel_tool_calls\":0", "parallel_tool_calls", "invalid_type")]
    [InlineData("\"stream\":true,\"stream_options\":{\"chunk\":1}", "stream_options.chunk", "unsupported_parameter")]
    [InlineData("\"stream_options\":{\"include_usage\":true}", "stream_options", "invalid_value")]
    [InlineData("\"temperature\":\"1\"", "temperature", "invalid_type")]
    [InlineData("\"temperature\":2.1", "temperature", "invalid_value")]
    [InlineData("\"temperature\":-0.1", "temperature", "invalid_value")]
    [InlineData("\"temperature\":1e999", "temperature", "invalid_value")]
    [InlineData("\"top_p\":1.5", "top_p", "invalid_value")]
    [InlineData("\"top_k\":1.5", "top_k", "invalid_value")]
    [InlineData("\"top_k\":-2", "top_k", "invalid_value")]
    [InlineData("\"min_p\":-1", "min_p", "invalid_value")]
    [InlineData("\"presence_penalty\":3", "presence_penalty", "invalid_value")]
    [InlineData("\"frequency_penalty\":-3", "frequency_penalty", "invalid_value")]
    [InlineData("\"repetition_penalty\":0", "repetition_penalty", "invalid_value")]
    [InlineData("\"n\":0", "n", "invalid_value")]
    [InlineData("\"n\":129", "n", "invalid_value")]
    [InlineData("\"seed\":1e30", "seed", "invalid_value")]
    [InlineData("\"max_tokens\":0", "max_tokens", "invalid_value")]
    [InlineData("\"max_tokens\":99999999999", "max_tokens", "invalid_value")]
    [InlineData("\"max_tokens\":5,\"max_completion_tokens\":6", "max_completion_tokens", "invalid_value")]
    [InlineData("\"stop\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"j\",\"k\",\"l\",\"m\",\"n\",\"o\",\"p\",\"q\"]", "stop", "invalid_value")]
    [InlineData("\"stop\":[\"\"]", "stop", "invalid_value")]
    [InlineData("\"stop\":[1]", "stop[0]", "invalid_type")]
    [InlineData("\"stop\":{}", "stop", "invalid_type")]
    [InlineData("\"stream\":1", "stream", "invalid_type")]
    [InlineData("\"user\":1", "user", "invalid_type")]
    [InlineData("\"user\":\"\\ud800\"", "user", "invalid_value")]
    [InlineData("\"logprobs\":2", "logprobs", "invalid_type")]
    [InlineData("\"top_logprobs\":2", "top_logprobs", "invalid_value")]
    [InlineData("\"logprobs\":true,\"top_logprobs\":21", "top_logprobs", "invalid_value")]
    [InlineData("\"logit_bias\":{\"a\":1}", "logit_bias", "invalid_value")]
    [InlineData("\"logit_bias\":{\"-1\":1}", "logit_bias", "invalid_value")]
    [InlineData("\"logit_bias\":{\"1\":101}", "logit_bias.1", "invalid_value")]
    [InlineData("\"logit_bias\":[]", "logit_bias", "invalid_type")]
    [InlineData("\"tools\":{}", "tools", "invalid_type")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"get weather\"}}]", "tools[0].function.name", "invalid_value")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"a>b\"}}]", "tools[0].function.name", "invalid_value")]
    [InlineData(
        "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}},{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]",
        "tools[1].function.name",
        "invalid_value")]
    [InlineData("\"tools\":[{\"type\":\"web_search\"}]", "tools[0].type", "unsupported_parameter")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"\"}}]", "tools[0].function.name", "invalid_value")]
    [InlineData(
        "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"strict\":1}}]",
        "tools[0].function.strict",
        "invalid_type")]
    [InlineData(
        "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":1}}]",
        "tools[0].function.parameters",
        "invalid_type")]
    [InlineData(
        "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"x\":1}}]",
        "tools[0].function.x",
        "unsupported_parameter")]
    [InlineData("\"tools\":[{\"type\":\"function\"}]", "tools[0].function", "missing_required_parameter")]
    [InlineData("\"tool_choice\":\"auto\"", "tool_choice", "invalid_value")]
    [InlineData(
        "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],\"tool_choice\":\"sometimes\"",
        "tool_choice",
        "invalid_value")]
    [InlineData(
        "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],\"tool_choice\":{\"type\":\"function\"}",
        "tool_choice.function",
        "missing_required_parameter")]
    [InlineData("\"enable_thinking\":1", "enable_thinking", "invalid_type")]
    [InlineData("\"enable_thinking\":true,\"chat_template_kwargs\":{\"enable_thinking\":false}", "enable_thinking", "invalid_value")]
    [InlineData("\"chat_template_kwargs\":[]", "chat_template_kwargs", "invalid_type")]
    public void A_field_that_is_not_honoured_is_refused_by_name(string fields, string param, string code)
    {
        OpenAIError fault = Refusal.Of(() => Read(fields));

        Assert.Equal(("invalid_request_error", param, code), (fault.Type, fault.Param, fault.Code));
        Assert.Contains($"'{param}'", fault.Message);
    }

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":"Hi"}]}""")]
    [InlineData("""{"model":null,"messages":[{"role":"user","content":"Hi"}]}""")]
    public void A_request_may_leave_the_model_to_the_server(string body) =>
        Assert.Null(ChatCompletionRequest.Read(JsonElement.Parse(body)).Generation.Model);

    [Theory]
    [InlineData("""{"model":"m"}""", "messages")]
    [InlineData("""{"model":"m","messages":null}""", "messages")]
    public void What_must_be_there_is_named(string body, string param)
    {
        OpenAIError fault = Refusal.Of(() => ChatCompletionRequest.Read(JsonElement.Parse(body)).InText());

        Assert.Equal((param, "missing_required_parameter"), (fault.Param, fault.Code));
    }

    [Fact]
    public void Tools_become_declarations_and_none_hides_them()
    {
        const string Tools =
            """ "tools":[{"type":"function","function":{"name":"f","description":"does f","parameters":{"b":1,"a":2},"strict":false}},{"type":"function","function":{"name":"g"}}]""";

        IList<AITool> tools = Read(Tools + ",\"tool_choice\":\"auto\"").Generation.Options.Tools!;

        Assert.Equal(["f", "g"], tools.Select(tool => tool.Name));
        Assert.Equal("does f", tools[0].Description);
        Assert.Equal("""{"b":1,"a":2}""", ((AIFunctionDeclaration)tools[0]).JsonSchema.GetRawText());
        Assert.Empty(PromptOptions.Read(Read(Tools + ",\"tool_choice\":\"none\"").Generation.Options).Tools);
    }

    // What cannot be enforced is refused by the model where the client asked for strictness.
    [Theory]
    [InlineData("true", true)]
    [InlineData("false", false)]
    [InlineData("null", false)]
    public void A_strict_tool_says_so(string strict, bool isStrict)
    {
        string tool = "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"strict\":" + strict + "}}]";
        AITool read = Assert.Single(Read(tool).Generation.Options.Tools!);
        Assert.Equal(isStrict, read.AdditionalProperties.GetValueOrDefault("strict") is true);
    }

    [Fact]
    public void Variables_of_the_template_are_gathered()
    {
        ChatOptions options = Read("""  "chat_template_kwargs":{"style":"brief","enable_thinking":false}  """).Generation.Options;

        var variables = Assert.IsType<IReadOnlyDictionary<string, object?>>(
            options.AdditionalProperties![ChatOptionKeys.ChatTemplateKwargs],
            exactMatch: false);
        Assert.Equal("brief", ((JsonElement)variables["style"]!).GetString());
        Assert.False(((JsonElement)variables["enable_thinking"]!).GetBoolean());
    }

    private static ChatCompletionRequest Read(string fields) => ChatCompletionRequest.Read(JsonElement.Parse(
        $$"""{"model":"m","messages":[{"role":"user","content":"Hi"}]{{(fields.Length > 0 ? "," + fields : "")}}}""")).InText();
}
