using Microsoft.Extensions.AI;

namespace QwenSharp.Chat.Streaming;

/// <summary>One place where a call may begin, read while the text comes in. No character is looked at twice.</summary>
internal abstract class CallReading
{
    /// <summary>What is settled so far. Where a text has two continuations that differ in what is settled, it is not settled yet.</summary>
    /// <param name="text">All from the opening on that has come.</param>
    /// <param name="isEnd">Whether nothing more will come; then the verdict is final.</param>
    public abstract CallVerdict Read(ReadOnlySpan<char> text, bool isEnd);
}

/// <summary>What begins no call in a dialect.</summary>
internal sealed class NoCallReading(CallOpening opening) : CallReading
{
    public override CallVerdict Read(ReadOnlySpan<char> text, bool isEnd) => CallVerdict.Text(opening.Text.Length);
}

/// <summary>What the beginning of a text is.</summary>
/// <param name="Length">How much of the text is decided; 0 where more has to come.</param>
/// <param name="Calls">The calls that it makes; null where it is not a call but text.</param>
internal readonly record struct CallVerdict(int Length, IReadOnlyList<FunctionCallContent>? Calls)
{
    public static CallVerdict More => default;

    public static CallVerdict Text(int length) => new(length, null);
}
