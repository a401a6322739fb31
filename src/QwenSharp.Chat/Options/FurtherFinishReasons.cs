using Microsoft.Extensions.AI;

namespace QwenSharp.Chat;

/// <summary>
/// Why answers of models elsewhere end, beyond the members of <see cref="ChatFinishReason"/>. One that a stop string has ended has
/// <see cref="ChatFinishReason.Stop"/>, and the string under <see cref="ChatOptionKeys.StopSequence"/> where that is known.
/// </summary>
public static class FurtherFinishReasons
{
    /// <summary>The model did not want to; a <see cref="TextContent"/> under <see cref="ContentKeys.Refusal"/> may say why.</summary>
    public static ChatFinishReason Refusal { get; } = new("refusal");

    /// <summary>The provider has stopped in the middle of its own tools and goes on when it is sent the answer so far.</summary>
    public static ChatFinishReason Pause { get; } = new("pause");

    /// <summary>The model failed to write what it had begun, such as a call.</summary>
    public static ChatFinishReason Error { get; } = new("error");
}
