using System.Globalization;

namespace QwenSharp.Faults.Tests;

public class OptionFaultTests
{
    private static readonly OptionFault NoRoom = new(
        FaultKind.NoRoom,
        "Length",
        $"{new OptionName("Length")} is {1234.5}; there is room for {7}.")
    {
        Remedies = [new Remedy("raise", "Bytes"), new Remedy("lower", "Length")],
    };

    [Fact]
    public void In_NET_an_option_has_its_own_name()
    {
        OptionException exception = new(NoRoom);

        Assert.Equal("Length is 1234.5; there is room for 7. Raise Bytes or lower Length.", NoRoom.ToString());
        Assert.StartsWith(NoRoom.ToString(), exception.Message);
        Assert.Equal("Length", exception.ParamName);
    }

    [Fact]
    public void At_an_edge_it_has_the_edges_name_and_remedies_only_by_options_that_the_edge_has() => Assert.Equal(
        "--length is 1234.5; there is room for 7. Lower --length.",
        NoRoom.Say(name => name == "Length" ? "--length" : null));

    [Fact]
    public void A_room_between_gives_its_own_names_before_the_edge_does()
    {
        OptionFault renamed = NoRoom.Renamed(name => name == "Length" ? "Context" : null);

        Assert.Equal((FaultKind.NoRoom, "Context"), (renamed.Kind, renamed.Option));
        Assert.Equal("'Context' is 1234.5; there is room for 7. Raise 'Bytes' or lower 'Context'.", renamed.Say(name => $"'{name}'"));
    }

    [Theory]
    [InlineData("Length")]
    [InlineData("Lowered Length")]
    public void Values_are_never_taken_for_names(string value) => Assert.Equal(
        $"X is {value}; it must be 1 to 2.",
        OptionFault.OutOfRange("Length", value, Bounds.Between(1, 2)).Say(_ => "X"));

    [Fact]
    public void Braces_in_values_and_names_stay() => Assert.Equal(
        "{0} is {1}; it must be {2}.",
        OptionFault.OutOfRange("x", "{1}", new Bounds("{2}")).Say(_ => "{0}"));

    [Fact]
    public void Numbers_are_written_alike_everywhere()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");
            Assert.Equal("x is 0.5; it must be 1.5 or more.", OptionFault.OutOfRange("x", 0.5, Bounds.AtLeast(1.5)).ToString());
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void What_is_out_of_range_says_what_is_not()
    {
        OptionException.Require(true, "x", 1, Bounds.AtLeast(1));

        OptionFault fault = Assert.Throws<OptionException>(() => OptionException.Require(false, "x", 3, Bounds.Between(1, 2))).Fault;
        Assert.Equal((FaultKind.OutOfRange, "x", 1, 2), (fault.Kind, fault.Option, fault.Bounds!.Least, fault.Bounds.Most));
    }

    [Fact]
    public void What_is_not_honoured_is_also_the_exception_that_NET_has_for_it()
    {
        NotSupportedException exception = new OptionNotSupportedException("x", "is not built yet.");

        Assert.Equal("x is not built yet.", exception.Message);
        Assert.Equal(FaultKind.NotSupported, ((IOptionFault)exception).Fault.Kind);
    }
}
