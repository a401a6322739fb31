using QwenSharp.Agent.Tools.Planning;
using QwenSharp.Cli.Terminals;

namespace QwenSharp.Cli.Code;

/// <summary>Whoever sits at the terminal, asked by tools of the agent.</summary>
/// <param name="terminal">The terminal.</param>
internal sealed class Person(Terminal terminal)
{
    /// <summary>Puts questions.</summary>
    /// <returns>An answer for each; null where the person does not want to.</returns>
    public Task<IReadOnlyList<string>?> AskAsync(IReadOnlyList<UserQuestion> questions, CancellationToken stop) =>
        Task.Run(() => Ask(questions), stop).WaitAsync(stop);

    /// <summary>Shows a plan.</summary>
    /// <returns>Whether it may be carried out, and what the person says to it; null for nothing.</returns>
    public Task<(bool IsAccepted, string? Remark)> AcceptAsync(string plan, CancellationToken stop) => Task.Run<(bool, string?)>(
        () =>
        {
            terminal.Out.WriteLine(terminal.Wrapped(terminal.Safe(plan)));
            string answer = terminal.Ask("Carry it out? [y]es, or no, and what to change: ")?.Trim() ?? "";
            return answer.ToLowerInvariant() switch
            {
                "y" or "yes" => (true, null),
                "" or "n" or "no" => (false, null),
                _ => (false, answer),
            };
        },
        stop).WaitAsync(stop);

    private IReadOnlyList<string>? Ask(IReadOnlyList<UserQuestion> questions)
    {
        List<string> answers = [];
        foreach (UserQuestion question in questions)
        {
            terminal.Out.WriteLine(terminal.Wrapped(terminal.Safe(question.Question)));
            for (int i = 0; i < question.Options.Count; i++)
                terminal.Out.WriteLine(terminal.Safe($"  {i + 1}  {question.Options[i].Label}: {question.Options[i].Description}"));

            string several = question.TakesSeveral ? "numbers with commas between, " : "a number, ";
            if (terminal.Ask($"({several}or your own words; empty for no answer) ")?.Trim() is not { Length: > 0 } answer)
                return null;

            answers.Add(Chosen(question, answer));
        }

        return answers;
    }

    private static string Chosen(UserQuestion question, string answer) => string.Join(", ", answer.Split(',').Select(part =>
        int.TryParse(part, out int number) && number >= 1 && number <= question.Options.Count
            ? question.Options[number - 1].Label
            : part.Trim()));
}
