using System.Text.Json;

namespace QwenSharp.Corpus.Expectations;

/// <summary>The answer calls exactly these tools with exactly these arguments, in any order; it may say something before.</summary>
/// <param name="Calls">The calls.</param>
public sealed record CallsTools(IReadOnlyList<ToolCall> Calls) : Expectation
{
    /// <inheritdoc/>
    public override string? Fault(Answer answer)
    {
        if (answer.Calls.Count != Calls.Count)
            return $"made {answer.Calls.Count} calls instead of {Calls.Count}";

        List<ToolCall> left = [.. answer.Calls];
        foreach (ToolCall wanted in Calls)
        {
            if (
                left.FirstOrDefault(call => call.Name == wanted.Name && JsonValues.Equal(call.Arguments, wanted.Arguments)) is not { } found
            )
            {
                return left.Exists(call => call.Name == wanted.Name)
                    ? $"called {wanted.Name} with other arguments"
                    : $"did not call {wanted.Name}";
            }

            left.Remove(found);
        }

        // What does not read as a call stays in the text.
        return answer.Text.Contains("<tool_call>", StringComparison.Ordinal) ? "made a call that cannot be read" : null;
    }
}

/// <summary>The answer is one JSON value, equal to this one.</summary>
/// <param name="Json">The value.</param>
public sealed record IsJson(string Json) : Expectation
{
    /// <inheritdoc/>
    public override string? Fault(Answer answer) =>
        CallsNothing(answer) ?? (JsonValues.Equal(answer.Text, Json) ? null : "is not the JSON object that was asked for");
}

internal static class JsonValues
{
    /// <summary>Whether two texts are the same JSON value; what is no JSON equals nothing.</summary>
    public static bool Equal(string one, string other)
    {
        try
        {
            return JsonElement.DeepEquals(Parse(one), Parse(other));
        }
        catch (Exception strange) when (strange is JsonException or ArgumentException or InvalidOperationException)
        {
            // A model may also say numbers that are too long to compare, and halves of characters.
            return false;
        }
    }

    private static JsonElement Parse(string json) => JsonElement.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false });
}
