namespace QwenSharp.Protocols.Requests;

/// <summary>
/// What stands for something that a model of text cannot take and that its caller did not choose to send: what a tool gave. Refused, it
/// would end a conversation that can go on without it.
/// </summary>
public static class LeftOut
{
    /// <summary>The text in its place.</summary>
    /// <param name="what">What it is, such as <c>image</c>.</param>
    public static string Text(string what) => $"[{what} left out: this model reads text only]";
}
