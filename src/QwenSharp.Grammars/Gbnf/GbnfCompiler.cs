using QwenSharp.Grammars.Automata;
using QwenSharp.Grammars.Matching;
using QwenSharp.Grammars.Patterns;

namespace QwenSharp.Grammars.Gbnf;

/// <summary>Compiles rules: what is regular becomes an automaton, what recurs stays a rule.</summary>
internal sealed class GbnfCompiler
{
    private const string Root = "root";

    /// <summary>How large a rule may be that is written out where it is used.</summary>
    private const long MaxInlined = 20_000;

    private const int MaxRules = 3_000;

    /// <summary>How many alternatives a rule may have that recurs.</summary>
    private const int MaxAlternatives = 4_000;

    private readonly Dictionary<string, GbnfNode> _rules;
    private readonly PatternPool _pool = new();
    private readonly Dictionary<string, RuleExpression> _expressions = [];
    private readonly Dictionary<string, bool> _nullable = [];
    private readonly Dictionary<string, long> _sizes = [];

    private GbnfCompiler(Dictionary<string, GbnfNode> rules) => _rules = rules;

    public static Expression Compile(string text)
    {
        Dictionary<string, GbnfNode> rules = GbnfParser.Parse(text);
        if (!rules.ContainsKey(Root))
            throw new GrammarException("grammar", "", $"it has no rule \"{Root}\".");
        GbnfCompiler compiler = new(rules);
        compiler.Check();
        RuleExpression root = compiler.RuleOf(Root);
        return root;
    }

    private void Check()
    {
        if (_rules.Count > MaxRules)
            throw new GrammarException("grammar", "", $"it has more than {MaxRules} rules.");
        foreach ((string name, GbnfNode node) in _rules)
            CheckNames(name, node);
        foreach (string name in _rules.Keys)
            _nullable[name] = false;
        bool isChanged = true;
        while (isChanged)
        {
            isChanged = false;
            foreach ((string name, GbnfNode node) in _rules)
            {
                if (!_nullable[name] && IsNullable(node))
                    isChanged = _nullable[name] = true;
            }
        }

        Dictionary<string, int> state = [];
        foreach (string name in _rules.Keys)
            CheckLeft(name, state);
        foreach (string name in _rules.Keys)
            SizeOf(name);
        HashSet<string> ending = [];
        while (_rules.Any(rule => !ending.Contains(rule.Key) && Ends(rule.Value, ending) && ending.Add(rule.Key)))
        {
        }

        foreach (string name in _rules.Keys)
        {
            if (!ending.Contains(name))
                throw new GrammarException("grammar", name, "no text of it ever ends.");
        }
    }

    private static bool Ends(GbnfNode node, HashSet<string> ending) => node switch
    {
        GbnfNode.Class one => !one.Set.IsEmpty,
        GbnfNode.Sequence sequence => sequence.Parts.All(part => Ends(part, ending)),
        GbnfNode.Choice choice => choice.Parts.Any(part => Ends(part, ending)),
        GbnfNode.Repeat repeat => repeat.Min == 0 || Ends(repeat.Part, ending),
        GbnfNode.Rule rule => ending.Contains(rule.Name),
        _ => true,
    };

    private void CheckNames(string name, GbnfNode node)
    {
        switch (node)
        {
            case GbnfNode.Rule rule when !_rules.ContainsKey(rule.Name):
                throw new GrammarException("grammar", name, $"there is no rule \"{rule.Name}\".");
            case GbnfNode.Repeat repeat:
                CheckNames(name, repeat.Part);
                break;
            case GbnfNode.Sequence or GbnfNode.Choice:
                foreach (GbnfNode part in Parts(node))
                    CheckNames(name, part);
                break;
        }
    }

    private static GbnfNode[] Parts(GbnfNode node) => node switch
    {
        GbnfNode.Sequence sequence => sequence.Parts,
        GbnfNode.Choice choice => choice.Parts,
        GbnfNode.Repeat repeat => [repeat.Part],
        _ => [],
    };

    private bool IsNullable(GbnfNode node) => node switch
    {
        GbnfNode.Text text => text.Value.Length == 0,
        GbnfNode.Class => false,
        GbnfNode.Sequence sequence => sequence.Parts.All(IsNullable),
        GbnfNode.Choice choice => choice.Parts.Any(IsNullable),
        GbnfNode.Repeat repeat => repeat.Min == 0 || IsNullable(repeat.Part),
        GbnfNode.Rule rule => _nullable[rule.Name],
        _ => false,
    };

    /// <summary>A rule that begins with itself would be begun for ever.</summary>
    private void CheckLeft(string name, Dictionary<string, int> state)
    {
        if (state.GetValueOrDefault(name) == 2)
            return;
        if (state.GetValueOrDefault(name) == 1)
            throw new GrammarException("grammar", name, "the rule begins with itself.");
        state[name] = 1;
        foreach (string first in Firsts(_rules[name]))
            CheckLeft(first, state);
        state[name] = 2;
    }

    private IEnumerable<string> Firsts(GbnfNode node)
    {
        switch (node)
        {
            case GbnfNode.Rule rule:
                yield return rule.Name;
                break;
            case GbnfNode.Sequence sequence:
                foreach (GbnfNode part in sequence.Parts)
                {
                    foreach (string name in Firsts(part))
                        yield return name;
                    if (!IsNullable(part))
                        break;
                }

                break;
            default:
                foreach (GbnfNode part in Parts(node))
                {
                    foreach (string name in Firsts(part))
                        yield return name;
                }

                break;
        }
    }

    /// <summary>The size of a rule with all others written out; unbounded for one that recurs.</summary>
    private long SizeOf(string name)
    {
        if (_sizes.TryGetValue(name, out long known))
            return known;
        _sizes[name] = long.MaxValue;
        return _sizes[name] = SizeOf(_rules[name]);
    }

    private long SizeOf(GbnfNode node)
    {
        if (node is GbnfNode.Rule rule)
            return SizeOf(rule.Name);
        if (node is GbnfNode.Text text)
            return 1 + (text.Value.Length / 8);
        double sum = 1;
        foreach (GbnfNode part in Parts(node))
            sum += SizeOf(part);
        if (node is GbnfNode.Repeat repeat)
            sum *= repeat.Max == Pattern.Unbounded ? Math.Max(repeat.Min, 1) : Math.Max(repeat.Max, 1);
        return sum > MaxInlined ? long.MaxValue : (long)sum;
    }

    private RuleExpression RuleOf(string name)
    {
        if (_expressions.TryGetValue(name, out RuleExpression? known))
            return known;
        RuleExpression made = new(name);
        _expressions[name] = made;
        made.Part = ExpressionOf(_rules[name]);
        return made;
    }

    private bool IsRegular(GbnfNode node) => SizeOf(node) != long.MaxValue;

    private Expression ExpressionOf(GbnfNode node)
    {
        if (IsRegular(node))
            return new TerminalExpression(new TextAutomaton(new PatternAutomaton(_pool, PatternOf(node))));
        return node switch
        {
            GbnfNode.Sequence sequence => new SequenceExpression([.. Fused(sequence.Parts).Select(ExpressionOf)]),
            GbnfNode.Choice choice => new ChoiceExpression(Alternatives(choice.Parts)),
            GbnfNode.Repeat repeat => new RepeatExpression(ExpressionOf(repeat.Part), repeat.Min, repeat.Max),
            GbnfNode.Rule rule => RuleOf(rule.Name),
            _ => throw new GrammarException("grammar", "", "it is too large."),
        };
    }

    /// <summary>Parts in a row that are regular are one.</summary>
    private List<GbnfNode> Fused(GbnfNode[] parts)
    {
        List<GbnfNode> fused = [];
        List<GbnfNode> run = [];
        double size = 1;
        foreach (GbnfNode part in parts.Append(null!))
        {
            if (part is not null && IsRegular(part) && size + SizeOf(part) <= MaxInlined)
            {
                run.Add(part);
                size += SizeOf(part);
                continue;
            }

            if (run.Count > 0)
                fused.Add(run.Count == 1 ? run[0] : new GbnfNode.Sequence([.. run]));
            run = part is not null && IsRegular(part) ? [part] : [];
            size = 1 + run.Sum(first => (double)SizeOf(first));
            if (part is not null && !IsRegular(part))
                fused.Add(part);
        }

        return fused;
    }

    private Expression[] Alternatives(GbnfNode[] parts)
    {
        if (parts.Length > MaxAlternatives)
            throw new GrammarException("grammar", "", $"a rule has more than {MaxAlternatives} alternatives.");
        GbnfNode[] regular = [.. parts.Where(IsRegular)];
        GbnfNode all = new GbnfNode.Choice(regular);
        return regular.Length > 1 && IsRegular(all)
            ? [ExpressionOf(all), .. parts.Where(part => !IsRegular(part)).Select(ExpressionOf)]
            : [.. parts.Select(ExpressionOf)];
    }

    private Pattern PatternOf(GbnfNode node) => node switch
    {
        GbnfNode.Text text => _pool.Text(text.Value),
        GbnfNode.Class one => _pool.Class(one.Set),
        GbnfNode.Sequence sequence => _pool.Sequence([.. sequence.Parts.Select(PatternOf)]),
        GbnfNode.Choice choice => _pool.Or([.. choice.Parts.Select(PatternOf)]),
        GbnfNode.Repeat repeat => _pool.Repeat(PatternOf(repeat.Part), repeat.Min, repeat.Max),
        GbnfNode.Rule rule => PatternOf(_rules[rule.Name]),
        _ => _pool.Nothing,
    };
}
