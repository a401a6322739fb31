using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers;
using static QwenSharp.Gateway.Tests.Fixtures.Conversations;

namespace QwenSharp.Gateway.Tests;

/// <summary>Nothing is lost silently: what a provider cannot carry is named, and not in the request.</summary>
public class LossTests
{
    public static TheoryData<ProviderKind> Kinds() => [.. Enum.GetValues<ProviderKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_plain_call_loses_nothing(ProviderKind kind) => Assert.Empty(Make.Losses(kind, Make.Call()));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_foreign_signature_never_leaves_and_is_declared(ProviderKind kind)
    {
        const string Secret = "SIGNED-BY-ANOTHER";
        ProviderKind other = kind == ProviderKind.Gemini ? ProviderKind.Anthropic : ProviderKind.Gemini;
        ProviderCall call = new(
            "some-model",
            [User("Tide?"), Assistant(Signed(other, "thought", Secret), new TextContent("06:12")), User("And now?")],
            new ChatOptions());
        Assert.Contains("messages[1].thinking.signature", Make.Losses(kind, call));
        Assert.DoesNotContain(Secret, Make.Body(kind, call).GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ProviderKind.Anthropic)]
    [InlineData(ProviderKind.Vertex)]
    [InlineData(ProviderKind.Bedrock)]
    [InlineData(ProviderKind.Gemini)]
    public void An_own_signature_goes_back_as_it_came(ProviderKind kind)
    {
        const string Secret = "SIGNED/BY+ITSELF==";
        ProviderCall call = new(
            "eu.anthropic.claude-x",
            [User("Tide?"), Assistant(Signed(kind, "thought", Secret), new TextContent("06:12")), User("And now?")],
            new ChatOptions());
        Assert.Empty(Make.Losses(kind, call));
        Assert.Contains(Secret, Make.Body(kind, call).GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gpt-4o", false, false)]
    [InlineData("gpt-5-mini", false, true)]
    [InlineData("gpt-5.1", true, false)]
    [InlineData("o3", false, true)]
    public void A_model_of_OpenAI_is_told_not_to_reason_where_it_takes_that(string model, bool isTold, bool isLost)
    {
        ProviderCall call = new(
            model, [User("Tide?")], new ChatOptions { AdditionalProperties = Properties((ChatOptionKeys.EnableThinking, false)) });
        foreach (ProviderKind kind in (ProviderKind[])[ProviderKind.OpenAI, ProviderKind.OpenAIResponses])
        {
            Assert.Equal(isTold, Make.Body(kind, call).GetRawText().Contains("\"none\"", StringComparison.Ordinal));
            Assert.Equal(isLost ? [ChatOptionKeys.EnableThinking] : [], Make.Losses(kind, call));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_option_is_written_or_declared(ProviderKind kind)
    {
        // A value that nothing else has, and the names under which it may be declared.
        (string Name, Action<ChatOptions> Ask, string Trace)[] options =
        [
            ("top_k", options => options.TopK = 7777, "7777"),
            ("seed", options => options.Seed = 7778, "7778"),
            ("frequency_penalty", options => options.FrequencyPenalty = 0.7779f, "0.7779"),
            ("presence_penalty", options => options.PresencePenalty = 0.7781f, "0.7781"),
            ("min_p", options => options.AdditionalProperties = Properties((ChatOptionKeys.MinP, 0.0077f)), "0.0077"),
            ("repetition_penalty", options => options.AdditionalProperties = Properties(
                (ChatOptionKeys.RepetitionPenalty, 1.0771f)), "1.0771"),
            ("logit_bias", options => options.AdditionalProperties = Properties(
                (ChatOptionKeys.LogitBias, new Dictionary<int, float> { [77721] = 1 })), "77721"),
            ("logprobs", options => options.AdditionalProperties = Properties((ChatOptionKeys.Logprobs, true)), "ogprobs"),
            ("stop", options => options.StopSequences = ["STOP-HERE"], "STOP-HERE"),
            ("stop_token_ids", options => options.AdditionalProperties = Properties((ChatOptionKeys.StopTokens, new[] { 77731 })), "77731"),
            ("user", options => options.AdditionalProperties = Properties((RemoteOptionKeys.User, "user-777")), "user-777"),
            ("metadata", options => options.AdditionalProperties = Properties(
                (RemoteOptionKeys.Metadata, JsonElement.Parse("""{"k":"meta-777"}"""))), "meta-777"),
            ("verbosity", options => options.AdditionalProperties = Properties((RemoteOptionKeys.Verbosity, "verbose-777")), "verbose-777"),
            ("prompt_cache_key", options => options.AdditionalProperties = Properties(
                (RemoteOptionKeys.PromptCacheKey, "key-777")), "key-777"),
            ("service_tier", options => options.AdditionalProperties = Properties((RemoteOptionKeys.ServiceTier, "tier-777")), "tier-777"),
            ("grammar", options => options.AdditionalProperties = Properties(
                (ChatOptionKeys.Grammar, new OutputGrammar.Regex("[7]{3}"))), "[7]{3}"),
            ("thinking_budget", options => options.AdditionalProperties = Properties((ChatOptionKeys.ThinkingBudget, 7793)), "7793"),
            ("response_format", options => options.ResponseFormat = ChatResponseFormat.Json, "json"),
            ("chat_template_kwargs", options => options.AdditionalProperties = Properties(
                (ChatOptionKeys.ChatTemplateKwargs, JsonElement.Parse("""{"v":"kwarg-777"}"""))), "kwarg-777"),
            ("store", options => options.AdditionalProperties = Properties(
                (RemoteOptionKeys.Fields, JsonElement.Parse("""{"nobody":{"store":"store-777"}}"""))), "store-777"),
        ];
        foreach ((string name, Action<ChatOptions> ask, string trace) in options)
        {
            ChatOptions asked = new();
            ask(asked);
            ProviderCall call = new("some-model", [User("Tide?")], asked);
            bool isWritten = Make.Body(kind, call).GetRawText().Contains(trace, StringComparison.Ordinal);
            bool isDeclared = Make.Losses(kind, call).Contains(name);
            Assert.True(isWritten || isDeclared, $"{kind} loses {name} silently.");
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_content_is_written_or_declared(ProviderKind kind)
    {
        byte[] bytes = "content-777"u8.ToArray();
        string base64 = Convert.ToBase64String(bytes);
        (string Name, AIContent Content, string Trace)[] contents =
        [
            ("messages[0].image", new DataContent(bytes, "image/png"), base64),
            ("messages[0].image", new UriContent("https://h.example/777.png", "image/png"), "777.png"),
            ("messages[0].document", new DataContent(bytes, "application/pdf"), base64),
            ("messages[0].audio", new DataContent(bytes, "audio/wav"), base64),
            ("messages[0].video", new DataContent(bytes, "video/mp4"), base64),
            ("messages[0].cache_control", Kept("kept"), "cache"),
        ];
        foreach ((string name, AIContent content, string trace) in contents)
        {
            ProviderCall call = new("some-model", [User(content, new TextContent("What?"))], new ChatOptions());
            bool isWritten = Make.Body(kind, call).GetRawText().Contains(trace, StringComparison.Ordinal);
            bool isDeclared = Make.Losses(kind, call).Contains(name);
            Assert.True(isWritten != isDeclared, $"{kind}: {name} is {(isWritten ? "written and" : "neither written nor")} declared.");
        }
    }

    [Fact]
    public async Task A_call_that_may_lose_nothing_is_not_sent()
    {
        CannedReply http = CannedReply.Json("{}");
        ProviderCall call = Make.Call() with { Options = new ChatOptions { TopK = 40 }, Losses = LossPolicy.Refuse };
        Reading reading = await Reading.OfAsync(Make.Provider(ProviderKind.OpenAI, http), call);
        Assert.Equal(ProviderErrorKind.UnsupportedParameter, reading.Error!.Kind);
        Assert.Equal("top_k", reading.Error.Parameter);
        Assert.Contains("top_k", reading.Error.Message, StringComparison.Ordinal);
        Assert.Null(http.Request);
    }

    [Fact]
    public void Ids_of_calls_are_recoded_alike_where_they_must_be()
    {
        ProviderCall call = new(
            "m",
            [User("Tide?"), Assistant(new FunctionCallContent("toolu_01Tide", "f", null)), Result("toolu_01Tide", "2.4")],
            new ChatOptions());
        JsonElement body = Make.Body(ProviderKind.Mistral, call);
        string id = body.Text("messages[1].tool_calls[0].id");
        Assert.Matches("^[a-zA-Z0-9]{9}$", id);
        Assert.Equal(id, body.Text("messages[2].tool_call_id"));
    }

    [Fact]
    public void A_turn_of_calls_has_a_thought_where_DeepSeek_wants_one()
    {
        ProviderCall call = new(
            "m",
            [User("Tide?"), Assistant(new FunctionCallContent("a", "f", null)), Result("a", "2.4")],
            new ChatOptions());
        Assert.Equal("", Make.Body(ProviderKind.DeepSeek, call).Text("messages[1].reasoning_content"));
    }
}
