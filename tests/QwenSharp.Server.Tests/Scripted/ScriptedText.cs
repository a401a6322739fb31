using Microsoft.Extensions.AI;
using QwenSharp.Protocols.Requests;
using QwenSharp.Server.Models;

namespace QwenSharp.Server.Tests.Scripted;

/// <summary>Continues prompts by a script: the prompt comes as the one message of the call.</summary>
internal sealed class ScriptedText(Script script) : ITextCompletion
{
    public List<ScriptedCall> Calls { get; } = [];

    public IReadOnlyList<IAsyncEnumerable<ChatResponseUpdate>> Complete(
        CompletionPrompt prompt, ChatOptions options, int choices, CancellationToken cancellationToken)
    {
        ScriptedCall call = new([new ChatMessage(ChatRole.User, prompt.Text ?? string.Join(' ', prompt.Tokens!))], options);
        Calls.Add(call);
        return [.. Enumerable.Range(0, choices).Select(choice => script(call.For(choice), cancellationToken))];
    }
}
