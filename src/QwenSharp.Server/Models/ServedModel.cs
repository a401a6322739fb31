namespace QwenSharp.Server.Models;

/// <summary>A model under the name by which requests choose it.</summary>
/// <param name="Id">The name.</param>
/// <param name="Loaded">Since when it is there.</param>
/// <param name="Chat">Answers conversations.</param>
/// <param name="Text">Continues prompts.</param>
internal sealed record ServedModel(string Id, DateTimeOffset Loaded, IChatCompletion Chat, ITextCompletion Text)
{
    /// <summary>A model of this process under its own name, and with each of its adapters under theirs.</summary>
    public static IEnumerable<ServedModel> Of(QwenModel model) => model.Names.Select(id => new ServedModel(
        id,
        DateTimeOffset.UtcNow,
        new QwenChatCompletion(new QwenChatClient(model, id)),
        new QwenTextCompletion(model, id)));
}
