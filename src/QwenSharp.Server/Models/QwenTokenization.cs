using Microsoft.Extensions.AI;

namespace QwenSharp.Server.Models;

/// <summary>The tokenizer and the chat template of a model of this process.</summary>
internal sealed class QwenTokenization(QwenModel model, QwenChatClient client) : ITokenization
{
    private readonly PromptCodec _codec = new(model);

    /// <inheritdoc/>
    public int ContextLength => model.ContextLength;

    /// <inheritdoc/>
    public int VocabularySize => _codec.VocabularySize;

    /// <inheritdoc/>
    public string Template => client.Template;

    /// <inheritdoc/>
    public int[] Encode(string text, bool beginsSequence, bool parsesControl) => _codec.Encode(text, beginsSequence, parsesControl);

    /// <inheritdoc/>
    public (string Text, IReadOnlyList<int> Tokens) Render(IReadOnlyList<ChatMessage> messages, ChatOptions options) =>
        client.RenderPrompt(messages, options);

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> BytesOf(int id) => _codec.BytesOf(id);
}
