using System.Text.Json;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Protocols.Events;

namespace QwenSharp.Gateway.Providers.Conversation;

/// <summary>What contents carry beside their members, by the keys of <see cref="ContentKeys"/>.</summary>
internal static class ContentProperties
{
    extension(AIContent content)
    {
        /// <summary>A property that is text; null for none.</summary>
        public string? Property(string key) => content.AdditionalProperties?.GetValueOrDefault(key) switch
        {
            string text => text,
            JsonElement { ValueKind: JsonValueKind.String } text => text.GetString(),
            _ => null,
        };

        /// <summary>Whether a property is true.</summary>
        public bool Has(string key) => content.AdditionalProperties?.GetValueOrDefault(key)
            is true or JsonElement { ValueKind: JsonValueKind.True };

        /// <summary>How long what ends here is to be kept; empty where that is left open, null where it is not asked.</summary>
        public string? CacheLifetime => content.Property(ContentKeys.CacheControl);
    }

    extension(AITool tool)
    {
        /// <summary>How long what ends here is to be kept; empty where that is left open, null where it is not asked.</summary>
        public string? CacheLifetime => tool.AdditionalProperties.GetValueOrDefault(ContentKeys.CacheControl) switch
        {
            string text => text,
            JsonElement { ValueKind: JsonValueKind.String } text => text.GetString(),
            _ => null,
        };
    }

    extension(FunctionCallContent call)
    {
        /// <summary>The text of its arguments: as the model wrote it, where that was no JSON object.</summary>
        public string ArgumentsText => call.Property(ContentKeys.RawArguments) ?? WireArguments.Of(call);
    }

    extension(TextReasoningContent thought)
    {
        /// <summary>Whether what is protected of it was made by somebody.</summary>
        public bool IsOf(string origin) => thought.ProtectedData is not null && thought.Property(ContentKeys.Origin) == origin;
    }

    extension(ChatMessage message)
    {
        /// <summary>Whether it is instructions.</summary>
        public bool IsInstruction => message.Role == ChatRole.System || message.Role.Value == "developer";
    }
}
