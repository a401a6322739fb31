using Microsoft.Extensions.AI;
using QwenSharp.Faults;
using QwenSharp.Protocols.Requests;

namespace QwenSharp.Server.Models;

/// <summary>Repeats prompts, and says how likely the model finds them.</summary>
internal interface IPromptEcho
{
    /// <summary>
    /// A prompt as the beginning of its answers: an update with its text, and where log-probabilities are asked for with its tokens. The
    /// first token has none before it to be likely after: its log-probability is NaN. Where no answer is asked for (0 tokens), the update
    /// is the end of it too, and tells the usage.
    /// </summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="options">What is asked of the answers.</param>
    /// <param name="cancellationToken">Ends the work between two chunks.</param>
    /// <exception cref="OptionException">The prompt does not fit the context or the vocabulary (<c>Prompt</c>).</exception>
    Task<ChatResponseUpdate> EchoAsync(CompletionPrompt prompt, ChatOptions options, CancellationToken cancellationToken);
}
