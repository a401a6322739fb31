using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.AI;
using QwenSharp.Chat;
using QwenSharp.Chat.Streaming;
using QwenSharp.Engine;
using QwenSharp.Faults;
using QwenSharp.Grammars;

namespace QwenSharp.Constraints;

/// <summary>
/// Makes of what a request asks what its answers are held to. Grammars of tools and of forms that come again, as those of an agent do at
/// every turn, are compiled once. Safe to use from several threads.
/// </summary>
/// <param name="vocabulary">The model's tokens.</param>
/// <param name="most">How long the tools of a request may take to prepare; null for what a request may.</param>
internal sealed class ReplyPlanner(ReplyVocabulary vocabulary, TimeSpan? most = null)
{
    private const int MostKept = 64;

    private readonly ConcurrentDictionary<string, Grammar> _kept = new(StringComparer.Ordinal);

    /// <summary>What the answers to a conversation are held to.</summary>
    /// <param name="asked">What the request asks.</param>
    /// <param name="format">What the template's replies look like.</param>
    /// <param name="opensReasoning">Whether the prompt ends in reasoning.</param>
    /// <param name="thinking">Whether the model is to reason; null where that is left open.</param>
    /// <returns>What makes the constraint of one answer; null where there is none.</returns>
    /// <exception cref="OptionNotSupportedException">What is asked cannot be enforced; the fault says which part.</exception>
    public Func<ITokenConstraint>? Plan(AnswerOptions asked, ReplyFormat format, bool opensReasoning, bool? thinking)
    {
        bool calls = asked.Callable.Count > 0 && format.ToolCalls is not null;
        if (asked.RequiresCall && format.ToolCalls is null)
        {
            throw new OptionNotSupportedException(
                nameof(ChatOptions.ToolMode), "requires a call, and the model's chat template knows no tool calls.");
        }

        Grammar? form = Form(asked);
        Grammar? call = calls ? Call(format.ToolCalls!, asked.Callable) : null;
        ReplyPlan plan = new()
        {
            Tags = format.Reasoning,
            OpensReasoning = opensReasoning,
            MayReason = MayReason(format, thinking) && !opensReasoning,
            ThinkingBudget = asked.ThinkingBudget,
            OneCall = asked.OneCall,
            Call = call,
            AnswerOption = asked.RequiresCall ? ReplyPlan.CallOption : asked.Option,
            Answer = asked.RequiresCall ? CallGrammar.Calls(call!, asked.OneCall)
                : form is null || call is null ? form
                : Grammar.Choice(CallGrammar.Calls(call, asked.OneCall), form),
        };
        return Follow(plan);
    }

    /// <summary>
    /// What the constraint of an answer does for its calls; null where it holds none, or where an answer of another form may look like one.
    /// </summary>
    /// <inheritdoc cref="Plan(AnswerOptions, ReplyFormat, bool, bool?)" path="/param"/>
    public static HeldCalls? HeldCalls(AnswerOptions asked, ReplyFormat format, bool? thinking) =>
        asked.Callable.Count > 0 && (asked.Grammar is null || asked.RequiresCall) ? new HeldCalls(MayReason(format, thinking)) : null;

    private static bool MayReason(ReplyFormat format, bool? thinking) => format.Reasons && thinking is not false;

    /// <summary>What the continuations of a plain prompt are held to.</summary>
    /// <inheritdoc cref="Plan(AnswerOptions, ReplyFormat, bool, bool?)" path="/exception"/>
    public Func<ITokenConstraint>? Plan(AnswerOptions asked) =>
        Follow(new ReplyPlan { Tags = ReasoningTags.Think, Answer = Form(asked), AnswerOption = asked.Option });

    private Func<ITokenConstraint>? Follow(ReplyPlan plan) =>
        plan.Constrains ? () => new ReplyConstraint(plan, vocabulary) : null;

    private Grammar? Form(AnswerOptions asked) => (asked.Json, asked.Grammar) switch
    {
        ({ Schema: null }, _) => Keep("json", Grammar.AnyJsonObject),
        ({ Schema: { } schema }, _) => Enforce(
            asked.Option, () => Keep("schema" + schema.GetRawText(), () => Grammar.FromJsonSchema(schema))),
        (_, OutputGrammar.Regex regex) => Enforce(asked.Option, () => Grammar.FromRegex(regex.Pattern)),
        (_, OutputGrammar.Choice choice) => Enforce(asked.Option, () => Grammar.FromChoices(choice.Texts)),
        (_, OutputGrammar.Gbnf gbnf) => Enforce(
            asked.Option, () => Keep("gbnf" + gbnf.Text, () => Grammar.FromGbnf(gbnf.Text))),
        _ => null,
    };

    private Grammar Call(ToolCallDialect dialect, IReadOnlyList<AIFunctionDeclaration> tools)
    {
        StringBuilder key = new(dialect.Names[0]);
        foreach (AIFunctionDeclaration tool in tools)
        {
            key.Append('\0').Append(tool.Name).Append('\0').Append(CallGrammar.IsStrict(tool)).Append('\0')
                .Append(tool.JsonSchema.GetRawText());
        }

        return Enforce(ReplyPlan.CallOption, () => Keep(key.ToString(), () => CallGrammar.Rest(dialect, tools, most)));
    }

    private static Grammar Enforce(string option, Func<Grammar> compile)
    {
        try
        {
            return compile();
        }
        catch (GrammarException fault)
        {
            throw ReplyPlan.NotEnforced(option, fault);
        }
    }

    private Grammar Keep(string key, Func<Grammar> compile)
    {
        string hash = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
        if (_kept.TryGetValue(hash, out Grammar? known))
            return known;

        Grammar made = compile();
        if (_kept.Count >= MostKept)
            _kept.Clear();

        return _kept[hash] = made;
    }
}
