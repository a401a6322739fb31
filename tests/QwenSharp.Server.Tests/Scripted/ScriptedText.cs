using Microsoft.Extensions.AI;
using QwenSharp.Protocols.Requests;
using QwenSharp.Server.Models;

namespace QwenSharp.Server.Tests.Scripted;

/// <summary>Continues prompts by a script: the prompt comes as the one message of the call, with a gap before its suffix.</summary>
internal sealed class ScriptedText(Script script) : ITextCompletion
{
    public List<ScriptedCall> Calls { get; } = [];

    public IReadOnlyList<IAsyncEnumerable<ChatResponseUpdate>> Complete(
        CompletionPrompt prompt, ChatOptions options, int choices, CancellationToken cancellationToken)
    {
        string text = prompt.Text ?? string.Join(' ', prompt.Tokens!);
        ScriptedCall call = new([new ChatMessage(ChatRole.User, prompt.Suffix is null ? text : $"{text} … {prompt.Suffix}")], options);
        Calls.Add(call);
        return [.. Enumerable.Range(0, choices).Select(choice => script(call.For(choice), cancellationToken))];
    }
}
