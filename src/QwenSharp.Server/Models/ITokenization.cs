using Microsoft.Extensions.AI;
using QwenSharp.Faults;

namespace QwenSharp.Server.Models;

/// <summary>Text to token ids and back, and conversations to prompts, without computing anything.</summary>
internal interface ITokenization
{
    /// <summary>Positions that a sequence may have.</summary>
    int ContextLength { get; }

    /// <summary>How many ids the vocabulary has.</summary>
    int VocabularySize { get; }

    /// <summary>The chat template's text.</summary>
    string Template { get; }

    /// <summary>The token ids of a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="beginsSequence">Whether it gets the token that begins every sequence, where the model has one.</param>
    /// <param name="parsesControl">Whether control tokens in it are parsed, or are text like any other.</param>
    int[] Encode(string text, bool beginsSequence, bool parsesControl);

    /// <summary>The prompt that a conversation becomes.</summary>
    /// <exception cref="OptionNotSupportedException">An option or a message has something that templates have no form for.</exception>
    (string Text, IReadOnlyList<int> Tokens) Render(IReadOnlyList<ChatMessage> messages, ChatOptions options);

    /// <summary>The bytes of a token, which may be part of a character.</summary>
    /// <param name="id">An id below <see cref="VocabularySize"/>.</param>
    ReadOnlyMemory<byte> BytesOf(int id);
}
