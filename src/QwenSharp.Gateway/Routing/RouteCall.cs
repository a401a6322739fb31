using Microsoft.Extensions.AI;

namespace QwenSharp.Gateway.Routing;

/// <summary>What a request asks, in neutral types.</summary>
/// <param name="Messages">The conversation.</param>
/// <param name="Options">Sampling, limits, tools.</param>
/// <param name="Choices">How many answers; a seed counts up from one to the next.</param>
/// <param name="Stream">Whether they are sent on while they are made.</param>
public sealed record RouteCall(IReadOnlyList<ChatMessage> Messages, ChatOptions Options, int Choices = 1, bool Stream = true)
{
    /// <summary>The options of one of the answers.</summary>
    public ChatOptions OptionsOf(int choice)
    {
        if (choice == 0 || Options.Seed is null)
            return Options;

        ChatOptions own = Options.Clone();
        own.Seed += choice;
        return own;
    }
}
