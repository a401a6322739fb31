using System.Text.Json;
using QwenSharp.Chat;

namespace QwenSharp.Corpus.Tests;

/// <summary>Conversations through a chat template.</summary>
internal static class Rendering
{
    public static string Of(ChatTemplate template, Conversation conversation, bool prompt = false)
    {
        using JsonDocument line = JsonDocument.Parse(JsonLines.Write(conversation));
        return template
            .Render(
                new ChatTemplateConversation
                {
                    Messages = line.RootElement.GetProperty("messages").Clone(),
                    Tools = line.RootElement.TryGetProperty("tools", out JsonElement tools) ? tools.Clone() : null,
                    AddGenerationPrompt = prompt,
                    Arguments = new Dictionary<string, JsonElement>
                    {
                        ["enable_thinking"] = JsonElement.Parse(conversation.Thinking ? "true" : "false"),
                    },
                })
            .Text;
    }
}
