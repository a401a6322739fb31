using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Conversation;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.Gemini;

/// <summary>Gemini's <c>generateContent</c>, at Google's own address or on Vertex AI.</summary>
internal sealed class GeminiForm(ProviderSettings settings) : WireForm
{
    // The base URL of Vertex names the publisher, and is shown a token.
    private readonly bool _isVertex = settings.BaseUrl.AbsolutePath.Contains("/publishers/", StringComparison.Ordinal);

    public override WireRequest Write(ProviderCall call)
    {
        Losses losses = new();
        AskedOptions asked = new(call);
        GeminiModel model = GeminiModel.Of(call.Model);
        ContentsWriter contents = new(ProviderKinds.Word(settings.Kind), model, losses);
        contents.Write(call.Messages);
        JsonObject body = [];
        if (contents.System.Count > 0)
            body["systemInstruction"] = new JsonObject { ["parts"] = contents.System };

        body["contents"] = contents.Contents;
        if (GenerationConfig.Write(asked, model, losses) is { Count: > 0 } config)
            body["generationConfig"] = config;

        WriteTools(asked, body, losses);
        if (asked.Remote.ServiceTier is { } tier)
            body["serviceTier"] = tier;

        if (asked.Remote.Metadata.Count > 0)
        {
            if (_isVertex)
                body["labels"] = WireNodes.Object(asked.Remote.Metadata);
            else
                losses.Add(RemoteOptionKeys.Metadata);
        }

        losses.AddIf(asked.Remote.User is not null, RemoteOptionKeys.User);
        losses.AddIf(asked.Options.AllowMultipleToolCalls is false, "parallel_tool_calls");
        losses.AddIf(asked.Common.Grammar is not null, ChatOptionKeys.Grammar);
        UncarriedOptions.Lose(asked, losses);
        asked.AddFields(settings.Kind, body, losses);
        return new WireRequest(Place(call), WireNodes.Bytes(body), losses.Names) { Headers = Headers(), Streams = call.Stream };
    }

    public override ReplyReader Reader(ProviderCall call) => new GeminiReplyReader(settings, this);

    private Uri Place(ProviderCall call)
    {
        const string Prefix = "models/";
        string name = call.Model.StartsWith(Prefix, StringComparison.Ordinal) ? call.Model[Prefix.Length..] : call.Model;
        string verb = call.Stream ? "streamGenerateContent?alt=sse" : "generateContent";
        return Address.Of(settings.BaseUrl, $"{(_isVertex ? "" : "/v1beta")}/models/{Address.Segment(name)}:{verb}");
    }

    private Dictionary<string, string> Headers() => settings.ApiKey switch
    {
        null => [],
        { } token when _isVertex || token.StartsWith("ya29.", StringComparison.Ordinal) => new() { ["Authorization"] = $"Bearer {token}" },
        { } key => new() { ["x-goog-api-key"] = key },
    };

    private static void WriteTools(AskedOptions asked, JsonObject body, Losses losses)
    {
        // Of tools that are only shown there is no word where the model is free to call none.
        IReadOnlyList<AIFunctionDeclaration> tools = asked.MustCall ? asked.Tools : asked.CallableTools;
        asked.LoseHosted(losses);
        if (tools.Count == 0)
            return;

        body["tools"] = new JsonArray(new JsonObject
        {
            ["functionDeclarations"] = WireNodes.Array(tools.Select((tool, place) => Tool(tool, place, losses))),
        });
        string? mode = asked.MustNotCall ? "NONE" : asked.MustCall ? "ANY" : asked.Options.ToolMode is AutoChatToolMode ? "AUTO" : null;
        if (mode is null)
            return;

        JsonObject calling = new() { ["mode"] = mode };
        IReadOnlyList<string>? allowed = asked.RequiredTool is { } name ? [name] : asked.Common.AllowedTools;
        if (asked.MustCall && allowed is not null)
            calling["allowedFunctionNames"] = WireNodes.Array(allowed.Select(tool => (JsonNode)tool));

        body["toolConfig"] = new JsonObject { ["functionCallingConfig"] = calling };
    }

    private static JsonObject Tool(AIFunctionDeclaration tool, int place, Losses losses)
    {
        losses.AddIf(AskedOptions.IsStrict(tool) is true, $"tools[{place}].strict");
        losses.AddIf(tool.CacheLifetime is not null, $"tools[{place}].cache_control");
        JsonObject written = new() { ["name"] = tool.Name };
        if (tool.Description.Length > 0)
            written["description"] = tool.Description;

        written["parametersJsonSchema"] = WireNodes.Node(tool.JsonSchema);
        return written;
    }
}
