using Microsoft.Extensions.AI;
using QwenSharp.Faults;
using QwenSharp.Server.Models;

namespace QwenSharp.Server.SelfHosted;

/// <summary>The tokenizer of a model.</summary>
internal static class Tokenization
{
    /// <exception cref="OptionNotSupportedException">It shows none.</exception>
    public static ITokenization Of(ServedModel model) => model.Tokenization
        ?? throw new OptionNotSupportedException(nameof(ChatOptions.ModelId), $"is '{model.Id}', which shows no tokenizer.");
}
