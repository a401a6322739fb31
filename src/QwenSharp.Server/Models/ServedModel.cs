using Microsoft.Extensions.AI;

namespace QwenSharp.Server.Models;

/// <summary>A model under the name by which requests choose it.</summary>
/// <param name="Id">The name.</param>
/// <param name="Loaded">Since when it is there.</param>
/// <param name="Chat">Answers conversations.</param>
/// <param name="Text">Continues prompts.</param>
internal sealed record ServedModel(string Id, DateTimeOffset Loaded, IChatClient Chat, ITextCompletion Text)
{
    /// <summary>A model of this process under its own name.</summary>
    public static ServedModel Of(QwenModel model) =>
        new(model.Id, DateTimeOffset.UtcNow, new WireChatClient(new QwenChatClient(model)), new QwenTextCompletion(model));
}
