using QwenSharp.Corpus.Skills;
using QwenSharp.Corpus.Skills.Tools;

namespace QwenSharp.Corpus;

/// <summary>
/// The corpus of the model in the box: exercises of eight skills, without end. Exercise <c>i</c> of a seed and a part is the same on every
/// platform, whatever is
/// asked for before it; training and held-out parts share no prompt.
/// </summary>
/// <param name="seed">Which of all corpora.</param>
/// <param name="split">Which part of it.</param>
public sealed class CorpusGenerator(ulong seed, Split split)
{
    // With the tokens of Qwen's vocabulary, some 550.
    private const int LongestExercise = 2_100;

    private static readonly Skill[] All = Every();

    /// <summary>The names of the skills.</summary>
    public static IReadOnlyList<string> Skills { get; } = [.. All.Select(skill => skill.Name)];

    /// <summary>One exercise of any skill, drawn by the skills' shares; some begin with a turn of another.</summary>
    /// <param name="index">Which, from 0.</param>
    public Exercise At(long index)
    {
        Draw draw = Start(index, 0);
        int at = draw.Below(All.Sum(skill => skill.Share));
        Skill chosen = All.First(skill => (at -= skill.Share) < 0);
        return Make(draw, chosen);
    }

    /// <summary>One exercise of a skill.</summary>
    /// <param name="skill">One of <see cref="Skills"/>.</param>
    /// <param name="index">Which, from 0.</param>
    /// <exception cref="ArgumentException">There is no such skill.</exception>
    public Exercise At(string skill, long index)
    {
        Skill chosen = All.FirstOrDefault(candidate => candidate.Name == skill)
            ?? throw new ArgumentException($"There is no skill '{skill}'; there are {string.Join(", ", Skills)}.", nameof(skill));
        return Make(Start(index, (ulong)(1 + Array.IndexOf(All, chosen))), chosen);
    }

    private Draw Start(long index, ulong stream) =>
        new(StableHash.Mix(StableHash.Mix(StableHash.Mix(seed) ^ ((ulong)split + 1)) ^ stream) ^ StableHash.Mix((ulong)index), split);

    private Exercise Make(Draw draw, Skill skill)
    {
        bool continues = draw.Chance(12);
        while (true)
        {
            Exercise exercise = skill.Make(draw);
            if (!exercise.HasKeysOf(split))
                continue;

            if (continues)
                exercise = After(draw, exercise);

            if (exercise.Belongs(split) && Length(exercise) <= LongestExercise)
                return exercise;
        }
    }

    private static int Length(Exercise exercise) =>
        exercise.PromptText().Length
        + exercise.Conversation.Messages.Sum(message =>
            message.Reasoning.Length + message.Calls.Sum(call => call.Name.Length + call.Arguments.Length))
        + exercise.Conversation.Messages[^1].Content.Length;

    /// <summary>Puts a turn without tools before the exercise: a greeting, or any of the other skills, from what is trained on.</summary>
    private Exercise After(Draw draw, Exercise exercise)
    {
        if (exercise.Conversation.Messages[0].Role == "system" || exercise.Conversation.Messages.Count > 2)
            return exercise;

        Exercise before = draw.Of(All.Where(skill => skill is not ToolUse and not Stories).ToArray()).Make(draw);
        IReadOnlyList<Message> first = before.Conversation.Messages;
        bool thinksAlike = before.Conversation.Thinking == exercise.Conversation.Thinking || before.Skill != "arithmetic";
        if (first.Count > 2 || first[0].Role == "system" || !thinksAlike || !before.Belongs(Split.Train))
            return exercise;

        Conversation talk = exercise.Conversation with { Messages = [.. first, .. exercise.Conversation.Messages] };
        return exercise with { Conversation = talk };
    }

    private static Skill[] Every()
    {
        Skill[] talk = [new Identity(), new Facts(), new Phrases()];
        return [talk[0], talk[1], new ToolUse(talk), new Extraction(), new Arithmetic(), talk[2], new Stories(), new Repetition()];
    }
}
