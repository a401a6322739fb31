using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Faults;
using QwenSharp.Protocols.Anthropic;
using QwenSharp.Protocols.DashScope;
using QwenSharp.Protocols.Ollama;
using QwenSharp.Protocols.OpenAI;
using QwenSharp.Protocols.OpenAI.Responses;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Protocols.Tests;

/// <summary>What a model of text cannot take is carried for others, and refused by its path where there is none.</summary>
public class CarriedContentTests
{
    private const string Pixel = "data:image/png;base64,iVBORw0KGgo=";

    [Fact]
    public void Pictures_sounds_and_files_of_chat_completions_are_carried()
    {
        IReadOnlyList<AIContent> contents = Chat($$$"""
            {"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral","ttl":"1h"}},
                {"type":"image_url","image_url":{"url":"{{{Pixel}}}","detail":"low"}},{"type":"image_url","image_url":{"url":"https://e.example/x.png"}},
                {"type":"input_audio","input_audio":{"data":"AAAA","format":"mp3"}},
                {"type":"file","file":{"file_data":"data:application/pdf;base64,AAAA","filename":"a.pdf"}},{"type":"file","file":{"file_id":"f1"}}]}
            """)[0].Contents.ToArray();

        Assert.Equal("1h", contents[0].AdditionalProperties![ContentKeys.CacheControl]);
        Assert.Equal(("image/png", "low"), Of<DataContent>(contents[1], data => (data.MediaType, Property(data, ContentKeys.Detail))));
        Assert.Equal("https://e.example/x.png", Of<UriContent>(contents[2], uri => uri.Uri.OriginalString));
        Assert.Equal("audio/mpeg", Of<DataContent>(contents[3], data => data.MediaType));
        Assert.Equal(("application/pdf", "a.pdf"), Of<DataContent>(contents[4], data => (data.MediaType, data.Name)));
        Assert.Equal("f1", Of<HostedFileContent>(contents[5], file => file.FileId));
    }

    [Fact]
    public void Labels_of_a_request_are_carried_and_mean_nothing_to_a_model_of_text()
    {
        ChatOptions options = ChatCompletionRequest.Read(JsonElement.Parse("""
            {"model":"m","messages":[{"role":"user","content":"a"}],"user":"u","metadata":{"k":"v"},"service_tier":"default",
                "prompt_cache_key":"p","prompt_cache_retention":"24h","reasoning_effort":"minimal"}
            """)).Generation.Options;

        RemoteChatOptionsShould(options, RemoteOptionKeys.User, "u");
        RemoteChatOptionsShould(options, RemoteOptionKeys.ServiceTier, "default");
        RemoteChatOptionsShould(options, RemoteOptionKeys.PromptCacheKey, "p");
        RemoteChatOptionsShould(options, RemoteOptionKeys.PromptCacheRetention, "24h");
        RemoteChatOptionsShould(options, RemoteOptionKeys.Effort, "minimal");
        Assert.Equal("""{"k":"v"}""", ((JsonElement)options.AdditionalProperties![RemoteOptionKeys.Metadata]!).GetRawText());
        Assert.Equal(ReasoningEffort.Low, options.Reasoning!.Effort);
        Assert.Empty(TextOnly.Options(options).AdditionalProperties!);
    }

    [Fact]
    public void Blocks_of_messages_are_carried_with_their_marks_and_their_signatures()
    {
        MessagesRequest request = Messages("""
            {"role":"user","content":[
                {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"},"cache_control":{"type":"ephemeral"}},
                {"type":"image","source":{"type":"url","url":"https://e.example/x.png"}},
                {"type":"document","title":"T","context":"C","citations":{"enabled":true},"source":{"type":"text","media_type":"text/plain","data":"D"}},
                {"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"AAAA"}}]},
            {"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"c2ln"},{"type":"redacted_thinking","data":"x"},
                {"type":"thinking","thinking":"g","signature":"of:gemini::Z2Vt"},{"type":"tool_use","id":"1","name":"f","input":{}}]},
            {"role":"user","content":[{"type":"tool_result","tool_use_id":"1","is_error":true,"content":[{"type":"text","text":"r"},
                {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}]}]}
            """);

        IList<AIContent> asked = request.Messages[0].Contents, thought = request.Messages[1].Contents;
        Assert.Equal("", Property(asked[0], ContentKeys.CacheControl));
        Assert.IsType<UriContent>(asked[1]);
        Assert.Equal(
            ("T", "C", true, "D"),
            Of<DataContent>(asked[2], text => (
                Property(text, ContentKeys.Title),
                Property(text, ContentKeys.Context),
                text.AdditionalProperties![ContentKeys.Citations] is true,
                Encoding.UTF8.GetString(text.Data.Span))));
        Assert.Equal("application/pdf", Of<DataContent>(asked[3], pdf => pdf.MediaType));
        Assert.Equal(
            [("t", "c2ln", "anthropic", null), ("", "x", "anthropic", "redacted_thinking"), ("g", "Z2Vt", "gemini", null)],
            thought.OfType<TextReasoningContent>().Select(kept =>
                (kept.Text, kept.ProtectedData!, Property(kept, ContentKeys.Origin)!, Property(kept, ContentKeys.ProtectedForm))));
        FunctionResultContent result = Assert.IsType<FunctionResultContent>(request.Messages[2].Contents[0]);
        Assert.Equal(2, Assert.IsType<IEnumerable<AIContent>>(result.Result, exactMatch: false).Count());
        Assert.NotNull(result.Exception);
    }

    [Fact]
    public void Pictures_of_the_other_dialects_are_carried()
    {
        Assert.Equal("image/png", Of<DataContent>(
            ChatRequest.Read(JsonElement.Parse("""{"model":"m","messages":[{"role":"user","content":"a","images":["iVBORw0KGgo="]}]}"""))
                .Messages[0].Contents[0],
            data => data.MediaType));
        Assert.Equal("https://e.example/x.png", Of<UriContent>(
            GenerationRequest.Read(JsonElement.Parse(
                """{"model":"m","input":{"messages":[{"role":"user","content":[{"image":"https://e.example/x.png"}]}]}}"""))
                .Messages[0].Contents[0],
            uri => uri.Uri.OriginalString));
        ResponsesRequest response = ResponsesRequest.Read(
            JsonElement.Parse($$"""
                {"model":"m","input":[{"role":"user","content":[{"type":"input_image","image_url":"{{Pixel}}","detail":"high"}]},
                    {"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAAA"}]}
                """),
            new ThoughtSealer(),
            _ => null);
        IReadOnlyList<ChatMessage> messages = response.Converse([]);
        Assert.Equal("high", Property(Assert.IsType<DataContent>(messages[0].Contents[0]), ContentKeys.Detail));
        TextReasoningContent kept = Assert.IsType<TextReasoningContent>(messages[1].Contents[0]);
        Assert.Equal(("gAAA", "openai-responses"), (kept.ProtectedData, Property(kept, ContentKeys.Origin)));
    }

    [Theory]
    [InlineData("""{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}""", "messages[0].content[0].type")]
    [InlineData("""{"type":"document","source":{"type":"url","url":"https://e.example/a.pdf"}}""", "messages[0].content[0].type")]
    [InlineData(
        """{"type":"document","citations":{"enabled":true},"source":{"type":"text","data":"D"}}""", "messages[0].content[0].citations")]
    public void A_model_of_text_refuses_by_the_path(string block, string path)
    {
        IReadOnlyList<ChatMessage> messages = Messages($$"""{"role":"user","content":[{{block}}]}""").Messages;
        Assert.Equal(path, Assert.Throws<OptionNotSupportedException>(() => TextOnly.Messages(messages)).Fault.Option);
    }

    private static void RemoteChatOptionsShould(ChatOptions options, string key, string value) =>
        Assert.Equal(value, options.AdditionalProperties![key]);

    private static IReadOnlyList<ChatMessage> Chat(string messages) =>
        ChatCompletionRequest.Read(JsonElement.Parse($$"""{"model":"m","messages":[{{messages}}]}""")).Messages;

    private static MessagesRequest Messages(string messages) =>
        MessagesRequest.Read(JsonElement.Parse($$"""{"max_tokens":9,"messages":[{{messages}}]}"""), new ThoughtSigner());

    private static string? Property(AIContent content, string key) => content.AdditionalProperties?.GetValueOrDefault(key) as string;

    private static object? Of<T>(AIContent content, Func<T, object?> read)
        where T : AIContent => read(Assert.IsType<T>(content));
}
