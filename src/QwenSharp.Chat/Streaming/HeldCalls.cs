namespace QwenSharp.Chat.Streaming;

/// <summary>
/// Says that a mask holds every call that <see cref="CallWatch"/> finds to the dialect's form, an offered name and the tool's schema.
/// Only then can a call be told while it is written: nothing of it will have to be taken back.
/// </summary>
/// <param name="FollowReasoning">Whether the mask lets a reply begin with reasoning, and looks for calls behind it only.</param>
public sealed record HeldCalls(bool FollowReasoning);
