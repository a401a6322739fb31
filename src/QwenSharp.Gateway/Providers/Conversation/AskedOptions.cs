using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Gateway.Providers.Wire;

namespace QwenSharp.Gateway.Providers.Conversation;

/// <summary>What a call asks beside its conversation, read once for all forms.</summary>
internal sealed class AskedOptions
{
    public AskedOptions(ProviderCall call)
    {
        Options = call.Options;
        Remote = RemoteChatOptions.Read(call.Options);
        Thinking = Thinking.Of(call.Options, Remote);
        Continues = Common.ContinueFinalMessage && call.Messages is [.., { } last] && last.Role == ChatRole.Assistant;
        Tools = [.. (Options.Tools ?? []).OfType<AIFunctionDeclaration>()];
    }

    public ChatOptions Options { get; }

    public RemoteChatOptions Remote { get; }

    public AdditionalChatOptions Common => Remote.Common;

    public Thinking Thinking { get; }

    /// <summary>Whether the answer goes on with the last message.</summary>
    public bool Continues { get; }

    /// <summary>The functions that are offered.</summary>
    public IReadOnlyList<AIFunctionDeclaration> Tools { get; }

    /// <summary>The functions that may be called: for forms that have no word for others.</summary>
    public IReadOnlyList<AIFunctionDeclaration> CallableTools =>
        Common.AllowedTools is { } allowed ? [.. Tools.Where(tool => allowed.Contains(tool.Name))] : Tools;

    /// <summary>The only function that must be called; null where there is none.</summary>
    public string? RequiredTool => (Options.ToolMode as RequiredChatToolMode)?.RequiredFunctionName;

    /// <summary>Whether some function must be called.</summary>
    public bool MustCall => Options.ToolMode is RequiredChatToolMode;

    /// <summary>Whether none may be called.</summary>
    public bool MustNotCall => Options.ToolMode is NoneChatToolMode;

    /// <summary>The schema that the answer follows; null for none.</summary>
    public ChatResponseFormatJson? Json => Options.ResponseFormat as ChatResponseFormatJson;

    /// <summary>Whether a tool's arguments must follow its schema to the letter; null where that is left open.</summary>
    public static bool? IsStrict(AITool tool) => tool.AdditionalProperties.GetValueOrDefault(ContentKeys.Strict) switch
    {
        bool strict => strict,
        JsonElement { ValueKind: JsonValueKind.True } => true,
        JsonElement { ValueKind: JsonValueKind.False } => false,
        _ => null,
    };

    /// <summary>
    /// Declares what only the server that has it could honour: tools that are no functions, and conversations that are kept.
    /// </summary>
    public void LoseHosted(Losses losses)
    {
        losses.AddIf(Options.ConversationId is not null, "conversation_id");
        foreach (AITool tool in Options.Tools ?? [])
            losses.AddIf(tool is not AIFunctionDeclaration, $"tools.{tool.Name}");
    }

    /// <summary>
    /// Adds the fields that the caller has for this kind of provider as they are, and declares those for others. They win over what was
    /// written; of an object, member by member.
    /// </summary>
    public void AddFields(ProviderKind kind, JsonObject body, Losses losses)
    {
        foreach ((string word, JsonElement fields) in Remote.Fields)
        {
            if (word == ProviderKinds.Word(kind))
            {
                Merge(body, fields);
                continue;
            }

            foreach (JsonProperty field in fields.EnumerateObject())
                losses.Add(field.Name);
        }
    }

    private static void Merge(JsonObject body, JsonElement fields)
    {
        foreach (JsonProperty field in fields.EnumerateObject())
        {
            if (field.Value.ValueKind == JsonValueKind.Object && body[field.Name] is JsonObject inner)
                Merge(inner, field.Value);
            else
                body[field.Name] = WireNodes.Node(field.Value);
        }
    }
}
