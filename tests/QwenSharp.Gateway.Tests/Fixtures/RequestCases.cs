namespace QwenSharp.Gateway.Tests.Fixtures;

/// <summary>All of them, by the form that they are in.</summary>
internal static class RequestCases
{
    public static IReadOnlyList<RequestCase> All { get; } =
    [
        .. OpenAIRequestCases.All, .. ChatRequestCases.All, .. ClaudeRequestCases.All, .. OtherRequestCases.All,
    ];
}
