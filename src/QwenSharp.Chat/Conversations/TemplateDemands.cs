using System.Text.Json;

namespace QwenSharp.Chat.Conversations;

/// <summary>What a template demands of a conversation, found by rendering small ones with it.</summary>
/// <param name="SystemFirst">It takes a system message as the first one alone: it refuses later ones, or leaves them out.</param>
/// <param name="UserNeeded">It refuses a conversation without a user's message.</param>
internal sealed record TemplateDemands(bool SystemFirst, bool UserNeeded)
{
    private const string Mark = "qwensharp";

    /// <summary>Those of a template.</summary>
    public static TemplateDemands Of(ChatTemplate template)
    {
        string user = """{"role":"user","content":"a"}""", assistant = """{"role":"assistant","content":"b"}""";
        string? later = Try(template, $$"""[{{user}},{{assistant}},{"role":"system","content":"{{Mark}}"},{{user}}]""");
        return new TemplateDemands(
            SystemFirst: later?.Contains(Mark, StringComparison.Ordinal) != true,
            UserNeeded: Try(template, $"[{user}]") is not null && Try(template, $"[{assistant}]") is null);
    }

    private static string? Try(ChatTemplate template, string messages)
    {
        try
        {
            return template.Render(new ChatTemplateConversation { Messages = JsonElement.Parse(messages) }).Text;
        }
        catch (TemplateException)
        {
            return null;
        }
    }
}
