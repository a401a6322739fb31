using System.Globalization;
using System.Text.Json;
using QwenSharp.Grammars.Automata;
using QwenSharp.Grammars.Patterns;

namespace QwenSharp.Grammars.Schemas;

internal sealed partial class ShapeReader
{
    private Schema[] Branches(Schema schema, string keyword, JsonElement value)
    {
        JsonElement[] branches = List(schema, keyword, value);
        if (branches.Length == 0)
            throw new GrammarException(keyword, schema.Pointer, "it has no branches.");
        if (branches.Length > MaxBranches)
            throw new GrammarException(keyword, schema.Pointer, $"it has more than {MaxBranches} branches.");
        return [.. branches.Select((branch, i) => _document.Child(schema, branch, keyword, i.ToString(CultureInfo.InvariantCulture)))];
    }

    private Shape All(Schema[] branches, bool positive)
    {
        Shape result = positive ? Any : None;
        foreach (Schema branch in branches)
        {
            Shape one = Of(Literal(branch, positive));
            result = positive ? And(result, one) : Or(result, one);
        }

        return result;
    }

    private Shape AnyOf(Schema[] branches, bool positive)
    {
        if (!positive)
            return branches.Aggregate(Any, AndNot);
        if (!_document.TracksEvaluated)
            return branches.Aggregate(None, (result, branch) => Or(result, Of(Literal(branch, true))));
        // What has been looked at depends on all branches that hold, so each set of branches is an alternative of its own.
        if (branches.Length > 6)
            throw new GrammarException("anyOf", _at.Pointer, "it has too many branches where unevaluated members are asked for.");
        Shape any = None;
        for (int set = 1; set < 1 << branches.Length; set++)
        {
            Shape one = Any;
            for (int i = 0; i < branches.Length; i++)
                one = (set >> i & 1) != 0 ? And(one, Of(Literal(branches[i], true))) : AndNot(one, branches[i]);
            any = Or(any, one);
        }

        return any;
    }

    private Shape OneOf(Schema[] branches, bool positive)
    {
        Shape result = None;
        (string, string) at = _at;
        for (int i = 0; i < branches.Length; i++)
        {
            Shape one = Of(Literal(branches[i], true));
            if (positive)
            {
                for (int j = 0; j < branches.Length; j++)
                {
                    if (j != i)
                        one = AndNot(one, branches[j]);
                }
            }
            else
            {
                Shape both = None;
                for (int j = i + 1; j < branches.Length; j++)
                    both = Or(both, And(one, Of(Literal(branches[j], true))));
                one = both;
            }

            _at = at;
            result = Or(result, one);
        }

        if (!positive)
            result = Or(result, branches.Aggregate(Any, AndNot));
        return result;
    }

    /// <summary>What is of a shape and not of a schema. An alternative that has nothing in common with the schema stays as it is.</summary>
    private Shape AndNot(Shape shape, Schema schema)
    {
        Shape other = Of(Literal(schema, true));
        if (AreApart(shape, other))
            return shape;
        // The opposite of a schema may be large; it is made only where something has to be taken away with it.
        Shape Not() => Of(Literal(schema, false)) with { String = _pool.Nothing, Number = NumberSet.None };
        List<ObjectShape> objects = [];
        foreach (ObjectShape a in shape.Objects)
        {
            if (System.Array.TrueForAll(other.Objects, b => IsEmpty(ObjectShape.And(a, b, _pool))))
                objects.Add(a);
            else
                objects.AddRange(And(OnlyObject(a), Not()).Objects);
        }

        List<ArrayShape> arrays = [];
        foreach (ArrayShape a in shape.Arrays)
        {
            if (System.Array.TrueForAll(other.Arrays, b => IsEmpty(ArrayShape.And(a, b))))
                arrays.Add(a);
            else
                arrays.AddRange(And(OnlyArray(a), Not()).Arrays);
        }

        return new Shape
        {
            Null = shape.Null && !other.Null,
            True = shape.True && !other.True,
            False = shape.False && !other.False,
            Number = NumberSet.And(shape.Number, NumberSet.Not(other.Number)),
            String = _pool.And(shape.String, _pool.Not(other.String)),
            Objects = Few(objects),
            Arrays = Few(arrays),
        };
    }

    /// <summary>Whether it is plain that two shapes have nothing in common.</summary>
    private bool AreApart(Shape a, Shape b) =>
        !(a.Null && b.Null) && !(a.True && b.True) && !(a.False && b.False)
        && (a.Number == NumberSet.None || b.Number == NumberSet.None)
        && (a.Objects.Length == 0 || b.Objects.Length == 0)
        && (a.Arrays.Length == 0 || b.Arrays.Length == 0)
        && (a.String == _pool.Nothing
            || b.String == _pool.Nothing
            || (a.String.Kind == PatternKind.Texts && System.Array.TrueForAll(a.String.Texts, text => !_pool.Matches(b.String, text))));

    private Shape If(Schema schema, JsonElement value, bool positive)
    {
        Schema condition = _document.Child(schema, value, "if");
        bool hasThen = schema.Element.TryGetProperty("then", out JsonElement then);
        bool hasElse = schema.Element.TryGetProperty("else", out JsonElement otherwise);
        if (!hasThen && !hasElse && !_document.TracksEvaluated)
            return positive ? Any : None;
        Shape yes = hasThen ? Of(Literal(_document.Child(schema, then, "then"), positive)) : positive ? Any : None;
        Shape no = hasElse ? Of(Literal(_document.Child(schema, otherwise, "else"), positive)) : positive ? Any : None;
        return Or(And(Of(Literal(condition, true)), yes), And(Of(Literal(condition, false)), no));
    }

    /// <summary>
    /// What unevaluatedProperties and unevaluatedItems ask of a shape, or their opposite; null where a schema has neither.
    /// </summary>
    private Shape? Unevaluated(Schema schema, Shape shape, bool positive)
    {
        if (!HasUnevaluated(schema))
            return null;
        Shape result = positive ? shape : None;
        if (schema.Element.TryGetProperty("unevaluatedProperties", out JsonElement value))
        {
            Schema child = _document.Child(schema, value, "unevaluatedProperties");
            int[] literals = LiteralsOf(child, positive);
            ObjectShape[] objects =
            [
                .. shape.Objects
                    .Where(one => positive || one.Seen is not { All: true })
                    .Select(one => WithUnevaluated(one, literals, positive)),
            ];
            result = positive ? result with { Objects = objects } : Or(result, None with { Objects = objects });
        }

        if (schema.Element.TryGetProperty("unevaluatedItems", out value))
        {
            Schema child = _document.Child(schema, value, "unevaluatedItems");
            ArrayShape[] arrays =
            [
                .. shape.Arrays
                    .Where(one => positive || one.Seen is not { All: true })
                    .Select(one => WithUnevaluated(one, child, positive)),
            ];
            result = positive ? result with { Arrays = arrays } : Or(result, None with { Arrays = arrays });
        }

        return result;
    }

    private ObjectShape WithUnevaluated(ObjectShape shape, int[] literals, bool positive)
    {
        if (shape.Seen is { All: true })
            return shape;
        NameSet unseen = new(null, shape.Seen?.Names ?? [], shape.Seen?.Patterns ?? []);
        ObjectShape rule = positive
            ? new ObjectShape { Rules = [(unseen, literals)], Seen = Evaluated.Everything }
            : new ObjectShape { Exists = [(unseen, literals)] };
        return ObjectShape.And(shape, rule, _pool);
    }

    private ArrayShape WithUnevaluated(ArrayShape shape, Schema child, bool positive)
    {
        if (shape.Seen is { All: true })
            return shape;
        if (shape.Contains.Length > 0)
            throw new GrammarException("unevaluatedItems", child.Pointer, "it is not supported beside contains.");
        int seen = shape.Seen?.Items ?? 0;
        ArrayShape rule = positive
            ? new ArrayShape
            {
                First = [.. Enumerable.Repeat(Literals.Always, seen)],
                Rest = LiteralsOf(child, true),
                Seen = Evaluated.Everything,
            }
            : new ArrayShape
            {
                Contains = [new ContainsRule(LiteralsOf(child, false), LiteralsOf(child, true), 1, int.MaxValue, seen)],
            };
        return ArrayShape.And(shape, rule);
    }

    /// <summary>The shape without a note of what was looked at: a schema that is negated tells nothing of it.</summary>
    private Shape Unseen(Shape shape) =>
        !_document.TracksEvaluated
            ? shape
            : shape with
            {
                Objects = [.. shape.Objects.Select(one => one.Seen is null ? one : one with { Seen = null })],
                Arrays = [.. shape.Arrays.Select(one => one.Seen is null ? one : one with { Seen = null })],
            };

    private Shape And(Shape a, Shape b)
    {
        if (ReferenceEquals(a, Any))
            return b;
        if (ReferenceEquals(b, Any))
            return a;
        List<ObjectShape> objects = [];
        bool isOne = a.Objects.Length == 1 && b.Objects.Length == 1;
        foreach (ObjectShape x in a.Objects)
        {
            foreach (ObjectShape y in b.Objects)
            {
                Work(x.Size + y.Size);
                ObjectShape both = ObjectShape.And(x, y, _pool);
                if (isOne || !IsEmpty(both))
                    objects.Add(both);
            }

            Few(objects);
        }

        List<ArrayShape> arrays = [];
        isOne = a.Arrays.Length == 1 && b.Arrays.Length == 1;
        foreach (ArrayShape x in a.Arrays)
        {
            foreach (ArrayShape y in b.Arrays)
            {
                Work(x.First.Length + y.First.Length);
                ArrayShape both = ArrayShape.And(x, y);
                if (isOne || !IsEmpty(both))
                    arrays.Add(both);
            }

            Few(arrays);
        }

        return new Shape
        {
            Null = a.Null && b.Null,
            True = a.True && b.True,
            False = a.False && b.False,
            Number = NumberSet.And(a.Number, b.Number),
            String = _pool.And(a.String, b.String),
            Objects = [.. objects],
            Arrays = [.. arrays],
        };
    }

    private Shape Or(Shape a, Shape b) => new()
    {
        Null = a.Null || b.Null,
        True = a.True || b.True,
        False = a.False || b.False,
        Number = NumberSet.Or(a.Number, b.Number),
        String = _pool.Or(a.String, b.String),
        Objects = _document.TracksEvaluated || !(a.Objects.Contains(ObjectShape.Any) || b.Objects.Contains(ObjectShape.Any))
            ? Few([.. a.Objects, .. b.Objects])
            : [ObjectShape.Any],
        Arrays = _document.TracksEvaluated || !(a.Arrays.Contains(ArrayShape.Any) || b.Arrays.Contains(ArrayShape.Any))
            ? Few([.. a.Arrays, .. b.Arrays])
            : [ArrayShape.Any],
    };

    private T[] Few<T>(List<T> alternatives)
        where T : class
    {
        if (alternatives.Count > MaxAlternatives)
            throw new GrammarException(_at.Keyword, _at.Pointer, "it combines in too many ways.");
        return [.. alternatives.Distinct(ReferenceEqualityComparer.Instance).Cast<T>()];
    }

    private void Work(int size)
    {
        _work += 1 + (size / WorkSize);
        if (_work > MaxWork)
            throw new GrammarException(_at.Keyword, _at.Pointer, "it combines in too many ways.");
    }
}
