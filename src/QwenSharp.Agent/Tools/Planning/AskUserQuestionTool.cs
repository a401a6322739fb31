using System.Text.Json;

namespace QwenSharp.Agent.Tools.Planning;

/// <summary>Puts questions to the person.</summary>
public sealed class AskUserQuestionTool : AgentTool
{
    /// <inheritdoc/>
    public override string Name => "ask_user_question";

    /// <inheritdoc/>
    public override string Description =>
        "Asks the person what only they can decide, with answers to choose from. Do not ask what you can find out.";

    /// <inheritdoc/>
    public override JsonElement Parameters { get; } = JsonElement.Parse("""
        {
          "type": "object",
          "properties": {
            "questions": {
              "type": "array",
              "minItems": 1,
              "maxItems": 4,
              "items": {
                "type": "object",
                "properties": {
                  "question": { "type": "string" },
                  "header": { "type": "string", "description": "The question in a word or two" },
                  "options": {
                    "type": "array",
                    "items": {
                      "type": "object",
                      "properties": { "label": { "type": "string" }, "description": { "type": "string" } },
                      "required": ["label", "description"]
                    }
                  },
                  "multiSelect": { "type": "boolean" }
                },
                "required": ["question", "header", "options"]
              }
            }
          },
          "required": ["questions"]
        }
        """);

    /// <inheritdoc/>
    public override ToolAccess AccessOf(ToolArguments arguments, ToolContext context) => ToolAccess.None;

    /// <inheritdoc/>
    public override async Task<ToolResult> RunAsync(ToolArguments arguments, ToolContext context, CancellationToken cancellationToken)
    {
        UserQuestion[] questions = [.. arguments.Array("questions").Select(json => Question(new ToolArguments(json)))];
        if (questions.Length == 0)
            throw new ToolException("\"questions\" is empty.");

        if (context.AskPerson is not { } ask)
            throw new ToolException("Nobody is there to answer. Decide yourself, and say at the end what you took for granted.");

        IReadOnlyList<string>? answers = await ask(questions, cancellationToken).ConfigureAwait(false);
        return answers is null
            ? new ToolResult("The person does not want to answer. Go on with what you know.")
            : new ToolResult(string.Join('\n', questions.Zip(answers, (question, answer) => $"{question.Header}: {answer}")));
    }

    private static UserQuestion Question(ToolArguments question) => new(
        question.OptionalString("header") ?? "Question",
        question.String("question"),
        [.. (question.TryGet("options", out _) ? question.Array("options") : [])
            .Select(option => new ToolArguments(option))
            .Select(option => (option.String("label"), option.OptionalString("description") ?? ""))],
        question.OptionalBoolean("multiSelect") ?? false);
}
