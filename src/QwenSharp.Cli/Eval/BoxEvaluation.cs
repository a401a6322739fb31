using Microsoft.Extensions.AI;
using QwenSharp.Corpus;
using QwenSharp.Corpus.Expectations;

namespace QwenSharp.Cli.Eval;

/// <summary>One exercise, what the model answered, and what is wrong with that; null if nothing.</summary>
internal sealed record Judged(Exercise Exercise, Answer Answer, string? Fault);

/// <summary>How many exercises of one goal were answered right.</summary>
internal sealed record GoalScore(Goal Goal, int Cases, int Right)
{
    public double Percent => 100.0 * Right / Cases;

    public bool IsMet => Goal.Percent is not { } percent || 100L * Right >= (long)percent * Cases;
}

/// <summary>Asks a model held-out exercises and judges its answers.</summary>
/// <param name="client">The model.</param>
/// <param name="atOnce">Requests under way at a time.</param>
internal sealed class BoxEvaluation(IChatClient client, int atOnce)
{
    private readonly ParallelChat _chat = new(client, atOnce);

    /// <summary>Asks all exercises; the answers come in the exercises' order.</summary>
    /// <param name="exercises">The exercises.</param>
    /// <param name="progress">Told after each answer how many there are.</param>
    /// <param name="stop">Ends it.</param>
    public async Task<IReadOnlyList<Judged>> RunAsync(IReadOnlyList<Exercise> exercises, Action<int> progress, CancellationToken stop)
    {
        IReadOnlyList<Answer> answers = await _chat
            .AskAsync(exercises.Count, i => (ExerciseChat.Messages(exercises[i]), ExerciseChat.Options(exercises[i])), progress, stop)
            .ConfigureAwait(false);
        return [.. exercises.Zip(answers, (exercise, answer) => new Judged(exercise, answer, exercise.Expected.Fault(answer)))];
    }

    /// <summary>The scores of what a person wrote, part by part; nothing is aimed at.</summary>
    public static IReadOnlyList<GoalScore> ScoreByPart(IEnumerable<Judged> judged) =>
        [.. judged.GroupBy(one => one.Exercise.Skill).Select(part => Total(part.Key, part))];

    /// <summary>The score of some exercises together.</summary>
    public static GoalScore Total(string name, IEnumerable<Judged> judged)
    {
        Judged[] all = [.. judged];
        return new GoalScore(new Goal(name, null), all.Length, all.Count(one => one.Fault is null));
    }

    /// <summary>The scores of the goals that were asked for, in their order.</summary>
    public static IReadOnlyList<GoalScore> Score(IReadOnlyList<Judged> judged)
    {
        ILookup<Goal, Judged> goals = judged.ToLookup(one => Goal.Of(one.Exercise));
        return
        [
            .. Goal
                .All.Where(goals.Contains)
                .Select(goal => new GoalScore(goal, goals[goal].Count(), goals[goal].Count(one => one.Fault is null))),
        ];
    }
}
